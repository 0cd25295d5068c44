using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mfn.Server.Health;

/// <summary>Tells those who watch the server's health of a change at once, which they else learn at the next turn of the periodic checks.</summary>
internal sealed class HealthAnnouncer(HealthCheckService checks, IEnumerable<IHealthCheckPublisher> publishers)
{
    public async Task AnnounceAsync(CancellationToken cancellationToken)
    {
        var report = await checks.CheckHealthAsync(cancellationToken);
        foreach (var publisher in publishers)
        {
            await publisher.PublishAsync(report, cancellationToken);
        }
    }
}
