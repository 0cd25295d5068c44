using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mfn.Server.Health;

/// <summary>What the periodic look at readiness has found, for those who must not wait for a look of their own. Thread-safe.</summary>
internal sealed class LastReadiness : IHealthCheckPublisher
{
    private volatile HealthReport? _report;

    /// <summary>The checks; none before the first look.</summary>
    public IEnumerable<(string Name, bool IsReady)> Checks =>
        _report?.Entries.Select(entry => (entry.Key, entry.Value.Status != HealthStatus.Unhealthy)) ?? [];

    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        _report = report;
        return Task.CompletedTask;
    }
}
