using System.Numerics;
using Mfn.Core.Randomness;
using Mfn.Core.Statistics;

namespace Mfn.Core.Tests.Statistics;

public sealed class TrendAccumulatorTests
{
    // What the reference's own solver is held to.
    private const double RelativeTolerance = 1e-8;
    private const double AbsoluteTolerance = 1e-8;

    public static TheoryData<int, long, long> Series => new()
    {
        { 2, 0, 1 },
        { 3, 1_000_000, 0 },
        { 1000, 20_000_000, 1 },
        { 100_000, 20_000_000, -3 },
        { 100_000, 1_000_000_000_000, 1 },
    };

    [Theory, MemberData(nameof(Series))]
    public void Slope_NoisyLineOnALargeOffset_IsThatOfExactArithmetic(int count, long offset, long slope)
    {
        var random = new RandomGenerator(7);
        var trend = default(TrendAccumulator);
        var numerator = BigInteger.Zero;
        for (var i = 0; i < count; i++)
        {
            var value = offset + (slope * i) + random.NextInt64(-500, 501);
            trend.Add(value);

            // 12 sum((i - (n-1)/2) y) / (n (n^2 - 1)) in integers.
            numerator += 6 * ((2 * (BigInteger)i) - (count - 1)) * value;
        }

        var exact = Quotient(numerator, (BigInteger)count * (((BigInteger)count * count) - 1));
        Assert.Equal(exact, trend.Slope, AbsoluteTolerance + (RelativeTolerance * Math.Abs(exact)));
    }

    [Fact]
    public void Slope_ConstantSeries_IsExactlyZero()
    {
        var trend = default(TrendAccumulator);
        for (var i = 0; i < 1000; i++)
        {
            trend.Add(1254400.0000000002);
        }

        Assert.Equal(0.0, trend.Slope);
    }

    [Fact]
    public void Slope_FewerThanTwoValues_IsZero()
    {
        var trend = default(TrendAccumulator);
        Assert.Equal(0.0, trend.Slope);

        trend.Add(5);
        Assert.Equal(0.0, trend.Slope);

        trend.Add(8);
        Assert.Equal(3.0, trend.Slope);
    }

    [Fact]
    public void Slope_AfterNaN_StaysNaN()
    {
        var trend = default(TrendAccumulator);
        trend.Add(1);
        trend.Add(double.NaN);
        trend.Add(3);

        Assert.True(double.IsNaN(trend.Slope));
    }

    /// <summary>Nine decimals are kept beyond the point, which is more than the tolerance needs.</summary>
    private static double Quotient(BigInteger numerator, BigInteger denominator) =>
        (double)(numerator * 1_000_000_000_000 / denominator) / 1e12;
}
