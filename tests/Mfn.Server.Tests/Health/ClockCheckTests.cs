using Mfn.Server.Health;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mfn.Server.Tests.Health;

public sealed class ClockCheckTests
{
    [Theory]
    [InlineData(4, HealthStatus.Healthy)]
    [InlineData(-4, HealthStatus.Healthy)]
    [InlineData(6, HealthStatus.Unhealthy)]
    [InlineData(-3600, HealthStatus.Unhealthy)]
    public async Task Check_ClockWasSet_IsUnhealthyForAMinute(int seconds, HealthStatus expected)
    {
        var clock = new SetClock();
        var check = new ClockCheck(clock);
        Assert.Equal(HealthStatus.Healthy, (await check.CheckHealthAsync(new HealthCheckContext())).Status);

        clock.Pass(TimeSpan.FromSeconds(100));
        clock.Set(TimeSpan.FromSeconds(seconds));
        Assert.Equal(expected, (await check.CheckHealthAsync(new HealthCheckContext())).Status);

        clock.Pass(TimeSpan.FromSeconds(59));
        Assert.Equal(expected, (await check.CheckHealthAsync(new HealthCheckContext())).Status);
        clock.Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(HealthStatus.Healthy, (await check.CheckHealthAsync(new HealthCheckContext())).Status);
    }

    private sealed class SetClock : TimeProvider
    {
        private TimeSpan _passed;
        private DateTimeOffset _says = DateTimeOffset.UnixEpoch.AddYears(50);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Pass(TimeSpan time)
        {
            _passed += time;
            _says += time;
        }

        public void Set(TimeSpan by) => _says += by;

        public override long GetTimestamp() => _passed.Ticks;

        public override DateTimeOffset GetUtcNow() => _says;
    }
}
