using Mfn.Server.Lifetime;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mfn.Server.Health;

/// <summary>All services serve until the server is told to stop. What is wrong besides makes it degraded, which is still serving; its data say what.</summary>
internal sealed class ServingCheck(ServerLifetime lifetime, HealthNotes notes) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (lifetime.Draining.IsCancellationRequested)
        {
            return Task.FromResult(HealthCheckResult.Unhealthy("The server is stopping."));
        }

        return Task.FromResult(notes.Count == 0
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded($"The server serves, but {notes.Count} entries of its data directory need somebody to look at them.", data: notes.Kept));
    }
}
