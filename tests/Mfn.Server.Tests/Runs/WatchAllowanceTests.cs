using Mfn.Server.Runs;

namespace Mfn.Server.Tests.Runs;

public sealed class WatchAllowanceTests
{
    private const int PassStepCount = 8;
    private static readonly TimeSpan StepTime = TimeSpan.FromMicroseconds(100);

    [Fact]
    public void Earn_StepsTakenOneByOneInTwiceTheTime_AreAFewOfAll()
    {
        var allowance = new WatchAllowance();
        var (single, total) = (0, 0);

        // A run that takes a single step whenever there is time for a frame, which itself costs nothing, and eight otherwise; about ten seconds.
        while (total < 100_000)
        {
            var count = allowance.HasTime ? 1 : PassStepCount;
            allowance.Earn(count == 1 ? 2 * StepTime : count * StepTime, count, PassStepCount);
            single += count == 1 ? 1 : 0;
            total += count;
        }

        // Each costs one more step's time: a run that takes nothing else has half of its pace.
        Assert.InRange(single / (double)total, 0.005, 0.05);
    }

    [Fact]
    public void Earn_StepsThatTakeAsLongOneByOne_AreAllTakenSo()
    {
        var allowance = new WatchAllowance();
        for (var i = 0; i < 100_000; i++)
        {
            Assert.True(allowance.HasTime);
            allowance.Earn(StepTime, stepCount: 1, passStepCount: 1);
        }
    }

    [Fact]
    public void Earn_RunThatCannotTakeAWholePass_KeepsItsTime()
    {
        var allowance = new WatchAllowance();
        var missed = 0;
        for (var i = 0; i < 100_000; i++)
        {
            missed += allowance.HasTime ? 0 : 1;
            allowance.Earn(StepTime, stepCount: 1, PassStepCount);
        }

        Assert.InRange(missed, 0, 1000);
    }

    [Fact]
    public void HasTime_AfterRest_IsTrue()
    {
        var allowance = new WatchAllowance();
        allowance.Spend(TimeSpan.FromSeconds(1));
        Assert.False(allowance.HasTime);

        allowance.Rest();

        Assert.True(allowance.HasTime);
        Assert.False(allowance.IsScarce);
    }
}
