using Mfn.Server.Runs;

namespace Mfn.Server.Tests.Runs;

public sealed class HorizonLeaseTests
{
    private readonly ManualClock _clock = new();

    /// <summary>A crash at any moment makes the run go on from the horizon, which must be near for whoever watches it at its pace.</summary>
    [Theory]
    [InlineData(0.01)]
    [InlineData(0.2)]
    [InlineData(1)]
    [InlineData(30)]
    [InlineData(1000)]
    [InlineData(100_000)]
    public void Extend_AtAPace_IsAheadByTwoSecondsOrOneStepAtMost(double pace)
    {
        var lease = new HorizonLease(_clock);
        lease.Begin(0);
        var (horizon, appendCount) = (0, 0);
        const int StepCount = 2000;
        for (var step = 0; step < StepCount; step++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1 / pace));
            if (lease.Extend(step, count: 1, int.MaxValue, pace) is { } next)
            {
                (horizon, appendCount) = (next, appendCount + 1);
            }

            Assert.InRange(horizon, step + 1, step + Math.Max(1, 2 * pace));
        }

        // Not with every step either: twice a second at most, and now and then while it finds out.
        Assert.InRange(appendCount, 1, (2 * StepCount / Math.Max(pace, 1)) + 25);
    }

    /// <summary>The steps of a large field take long, whatever pace was asked for.</summary>
    [Theory]
    [InlineData(null, 10)]
    [InlineData(null, 0.3)]
    [InlineData(1000.0, 10)]
    public void Extend_StepsTakeLong_IsAheadByTwoSecondsOrOneStepAtMost(double? pace, double secondsAStep)
    {
        var lease = new HorizonLease(_clock);
        lease.Begin(5);
        var horizon = 5;
        for (var step = 5; step < 200; step++)
        {
            _clock.Advance(TimeSpan.FromSeconds(secondsAStep));
            horizon = lease.Extend(step, count: 1, int.MaxValue, pace) ?? horizon;
            Assert.InRange(horizon, step + 1, step + Math.Max(1, 2 / secondsAStep));
        }
    }

    [Theory]
    [InlineData(0.2, true)]
    [InlineData(200.0, true)]
    [InlineData(1000.0, false)]
    [InlineData(null, false)]
    public void Shorten_AnotherPace_IsNearEnough(double? pace, bool isShortened)
    {
        var lease = new HorizonLease(_clock);
        lease.Begin(0);
        var (horizon, step) = (0, 0);
        while (horizon - step < 500)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            horizon = lease.Extend(++step, count: 1, int.MaxValue, 1000) ?? horizon;
        }

        Assert.Equal(isShortened ? step : null, lease.Shorten(step, pace));
        Assert.Equal(isShortened, lease.Extend(step, count: 1, int.MaxValue, pace) is not null);
    }

    [Fact]
    public void Extend_NearTheLastStep_GoesNoFurther()
    {
        var lease = new HorizonLease(_clock);
        lease.Begin(0);

        Assert.Equal(3, lease.Extend(0, count: 5, lastStep: 3, stepsPerSecond: null));
    }
}
