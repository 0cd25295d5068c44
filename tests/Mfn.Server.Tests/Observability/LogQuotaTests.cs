using Mfn.Server.Observability;

namespace Mfn.Server.Tests.Observability;

public sealed class LogQuotaTests
{
    [Fact]
    public void TryTake_MoreThanAMinuteAllows_IsRefusedAndCountedUntilTheNext()
    {
        var clock = new SteppedClock();
        var quota = new LogQuota(clock);

        for (var i = 0; i < LogQuota.OfEverybody; i++)
        {
            Assert.True(quota.TryTake(out var none));
            Assert.Equal(0, none);
        }

        clock.Advance(TimeSpan.FromSeconds(59));
        for (var i = 0; i < 7; i++)
        {
            Assert.False(quota.TryTake(out _));
        }

        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(quota.TryTake(out var unsaidCount));
        Assert.Equal(7, unsaidCount);
        Assert.True(quota.TryTake(out unsaidCount));
        Assert.Equal(0, unsaidCount);
    }

    private sealed class SteppedClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan time) => _ticks += time.Ticks;
    }
}
