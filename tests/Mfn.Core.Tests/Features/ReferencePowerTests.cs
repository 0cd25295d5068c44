using Mfn.Core.Features;
using Mfn.Core.Randomness;

namespace Mfn.Core.Tests.Features;

public sealed class ReferencePowerTests
{
    [Theory]
    [InlineData(1.0)]
    [InlineData(100.0)]
    [InlineData(1e-5)]
    public void ThirdAndFourth_RandomValues_HaveTheBitsOfPow(double deviation)
    {
        var random = new RandomGenerator(9);
        AssertPowers([.. Enumerable.Range(0, 80_000).Select(_ => random.Normal(0, deviation))]);
    }

    [Fact]
    public void ThirdAndFourth_AnyExponent_HasTheBitsOfPow()
    {
        // Beyond 2^64 and below 2^-64 every value is asked for, in between one in ten.
        var random = new RandomGenerator(10);
        AssertPowers([.. Enumerable.Range(-1074, 2098).SelectMany(exponent => Enumerable.Range(0, 8).Select(_ => Math.ScaleB(random.Uniform(1, 2), exponent)))]);
    }

    [Fact]
    public void ThirdAndFourth_PowersThatEndInTheMiddle_HaveTheBitsOfPow()
    {
        // The cube of an integer of 18 bits has 54, so that half of the odd ones lie exactly between two doubles.
        AssertPowers([.. Enumerable.Range(0, 80_000).Select(i => 131_073.0 + (2 * i))]);
        AssertPowers([.. Enumerable.Range(0, 8_000).Select(i => -(i + 0.5))]);
    }

    [Fact]
    public void ThirdAndFourth_SpecialValues_HaveTheBitsOfPow() => AssertPowers(
    [
        0.0, -0.0, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, double.MaxValue, double.MinValue,
        1.0, -1.0, 2.0, -2.0, Math.BitIncrement(1.0), Math.BitDecrement(1.0), Math.ScaleB(1, 64), Math.ScaleB(1, -64),
    ]);

    private static void AssertPowers(double[] values)
    {
        var thirds = new double[values.Length];
        var fourths = new double[values.Length];
        ReferencePower.ThirdAndFourth(values, thirds, fourths);
        for (var i = 0; i < values.Length; i++)
        {
            AssertSame(Math.Pow(values[i], 3.0), thirds[i], values[i]);
            AssertSame(Math.Pow(values[i], 4.0), fourths[i], values[i]);
        }
    }

    private static void AssertSame(double expected, double actual, double value) => Assert.True(
        BitConverter.DoubleToInt64Bits(expected) == BitConverter.DoubleToInt64Bits(actual), $"A power of {value:R} should be {expected:R}, but is {actual:R}.");
}
