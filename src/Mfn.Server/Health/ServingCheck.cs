using Mfn.Server.Configuration;
using Mfn.Server.Lifetime;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mfn.Server.Health;

/// <summary>All services serve until the server is told to stop. What is wrong besides makes it degraded, which is still serving; its data say what.</summary>
internal sealed class ServingCheck(ServerLifetime lifetime, HealthNotes notes, FollowedInputs inputs) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (lifetime.Draining.IsCancellationRequested)
        {
            return Task.FromResult(HealthCheckResult.Unhealthy("The server is stopping."));
        }

        // Settings by their names, entries of the data directory by their paths.
        var data = new Dictionary<string, object>(notes.Kept);
        var count = notes.Count;
        foreach (var (name, note) in inputs.All.Select(input => (input.Name, input.Note)).Where(each => each.Note is not null))
        {
            data[name] = note!;
            count++;
        }

        return Task.FromResult(count == 0
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded($"The server serves, but {count} {(count == 1 ? "thing needs" : "things need")} somebody to look at {(count == 1 ? "it" : "them")}.", data: data));
    }
}
