using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mfn.Server.Health;

/// <summary>
/// Whether the machine's clock goes on as time does. By a step of it credentials and certificates expire or come back, and what waits for a time of day comes early or late:
/// for a minute others should serve. Thread-safe.
/// </summary>
internal sealed class ClockCheck(TimeProvider clock) : IHealthCheck
{
    /// <summary>Less is what time servers correct.</summary>
    public static readonly TimeSpan MostStep = TimeSpan.FromSeconds(5);

    /// <summary>How long a step counts.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long _seen = clock.GetTimestamp();
    private DateTimeOffset _said = clock.GetUtcNow();
    private TimeSpan _step;
    private long _stepped;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            var (now, says) = (clock.GetTimestamp(), clock.GetUtcNow());
            var step = says - _said - clock.GetElapsedTime(_seen, now);
            (_seen, _said) = (now, says);
            if (step.Duration() > MostStep)
            {
                (_step, _stepped) = (step, now);
            }

            return Task.FromResult(_step != TimeSpan.Zero && clock.GetElapsedTime(_stepped, now) < Memory
                ? HealthCheckResult.Unhealthy($"The machine's clock was set {(_step > TimeSpan.Zero ? "forward" : "back")} by {_step.Duration().TotalSeconds:0} s less than a minute ago.")
                : HealthCheckResult.Healthy());
        }
    }
}
