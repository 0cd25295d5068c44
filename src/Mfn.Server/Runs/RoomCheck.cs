using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mfn.Server.Runs;

/// <summary>Whether there is room for one more run.</summary>
internal sealed class RoomCheck(RunRegistry runs) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var count = runs.Live.Count;
        var most = runs.Services.Options.MaxRuns;
        return Task.FromResult(count >= most
            ? HealthCheckResult.Unhealthy($"There are {count} live runs, and may be {most}: none can be started.")
            : HealthCheckResult.Healthy());
    }
}
