using Mfn.Core.Randomness;

namespace Mfn.Core.Tests.Randomness;

public sealed class LogOnePlusTests
{
    // The algorithm's published bound is below one unit in the last place; the oracle's error is far smaller.
    private const double RelativeTolerance = 3e-16;

    [Fact]
    public void Compute_EveryBranch_EqualsTheSeries()
    {
        var random = new RandomGenerator(11);
        for (var exponent = -60; exponent < 0; exponent++)
        {
            for (var i = 0; i < 50; i++)
            {
                var x = -random.Uniform(0.5, 1.0) * Math.Pow(2.0, exponent + 1);
                AssertClose(x);
            }
        }

        foreach (var x in new[] { -0.5, -0.75, -0.25, -0.2929, -0.29290, -0.2928932, -1.0 + double.BitIncrement(0.0), Math.BitDecrement(1.0) * -1.0 })
        {
            if (x > -1.0)
            {
                AssertClose(x);
            }
        }
    }

    [Fact]
    public void Compute_Zero_IsZero() => Assert.Equal(0.0, LogOnePlus.Compute(-0.0));

    private static void AssertClose(double x)
    {
        var expected = NaiveLogOnePlus(x);
        var actual = LogOnePlus.Compute(x);
        Assert.True(Math.Abs(actual - expected) <= RelativeTolerance * Math.Abs(expected), $"log(1 + {x:R}) = {expected:R}, but was {actual:R}");
    }

    /// <summary>log(1 + x) = 2 artanh(x / (2 + x)) for small x by its series; else by Math.Log with the rounding error of 1 + x put back.</summary>
    private static double NaiveLogOnePlus(double x)
    {
        if (x < -0.3)
        {
            var rounded = 1.0 + x;
            return Math.Log(rounded) + ((x - (rounded - 1.0)) / rounded);
        }

        var s = x / (2.0 + x);
        var square = s * s;
        var sum = 0.0;
        for (var n = 61; n >= 3; n -= 2)
        {
            sum = (sum + (1.0 / n)) * square;
        }

        return 2.0 * (s + (s * sum));
    }
}
