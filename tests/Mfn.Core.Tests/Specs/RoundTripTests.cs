using System.Globalization;
using Mfn.Core.Specs;

namespace Mfn.Core.Tests.Specs;

public sealed class RoundTripTests
{
    [Fact]
    public void Format_EveryPowerOfTwoAndItsNeighbours_ReadsBackToTheSameBits()
    {
        var values = Enumerable.Range(-1074, 2098).Select(exponent => double.ScaleB(1, exponent)).SelectMany(power => new[] { double.BitDecrement(power), power, double.BitIncrement(power) });

        foreach (var value in values.SelectMany(value => new[] { value, -value }))
        {
            Assert.Equal(BitConverter.DoubleToInt64Bits(value), BitConverter.DoubleToInt64Bits(double.Parse(RoundTrip.Format(value), CultureInfo.InvariantCulture)));
        }
    }

    /// <summary>As Python writes them.</summary>
    [Theory]
    [InlineData(-25, "2.9802322387695312E-08")]
    [InlineData(-958, "4.1045368012983762E-289")]
    [InlineData(-24, "5.960464477539063E-08")]
    public void Format_IsTheShortest(int exponent, string text) => Assert.Equal(text, RoundTrip.Format(double.ScaleB(1, exponent)));
}
