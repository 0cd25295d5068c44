using Mfn.Server.Lifetime;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mfn.Server.Health;

/// <summary>All services serve until the server is told to stop.</summary>
internal sealed class ServingCheck(ServerLifetime lifetime) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(lifetime.Draining.IsCancellationRequested ? HealthCheckResult.Unhealthy("The server is stopping.") : HealthCheckResult.Healthy());
}
