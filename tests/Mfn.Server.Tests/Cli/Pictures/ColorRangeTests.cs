using Mfn.Cli.Pictures;

namespace Mfn.Server.Tests.Cli.Pictures;

public sealed class ColorRangeTests
{
    [Theory]
    [InlineData(-78.57, 39.6, -80, 40)]
    [InlineData(-95, 40, -100, 40)]
    [InlineData(-71.23, -69.98, -71.3, -69.9)]
    [InlineData(-70, -70, -70.05, -69.95)]
    [InlineData(0, 1, 0, 1)]
    [InlineData(-70, -60, -70, -60)]
    public void Rounded_AnyRange_IsTheNextOfRoundNumbers(double low, double high, double roundLow, double roundHigh)
    {
        var range = new ColorRange(low / 1000, high / 1000).Rounded();

        Assert.Equal((roundLow, roundHigh), (Math.Round(range.Low * 1000, 9), Math.Round(range.High * 1000, 9)));
    }

    [Fact]
    public void Rounded_RoundRange_StaysAsItIs()
    {
        var range = new ColorRange(-0.0787, 0.0396).Rounded();

        Assert.Equal(range, range.Rounded());
    }

    [Fact]
    public void Ticks_Range_AreRoundAndWithinIt()
    {
        var ticks = new ColorRange(-0.080, 0.040).Ticks(7).Select(FieldQuantity.Potential.Format);

        Assert.Equal(["-80", "-60", "-40", "-20", "0", "20", "40"], ticks);
    }

    [Theory]
    [InlineData(-0.0000000001, "0")]
    [InlineData(-0.07, "-70")]
    [InlineData(-0.0700012, "-70.001")]
    public void Format_AnyPotential_HasNoNeedlessSigns(double volts, string text) => Assert.Equal(text, FieldQuantity.Potential.Format(volts));

    [Theory]
    [InlineData(0.0213, 0.9987, "v 0 to 1")]
    [InlineData(1e-7, 4.3e-7, "v 1e-7 to 4.4e-7")]
    [InlineData(-1234567, 7654321, "v -1.5e+6 to 8e+6")]
    public void Rounded_Concentrations_AreToldInTheirUnit(double low, double high, string text) =>
        Assert.Equal(text, new ColorRange(low, high, new FieldQuantity("v")).Rounded().Text);

    [Fact]
    public void Rounded_EvenConcentration_HasItWithin()
    {
        foreach (var value in new[] { 0, 1e-9, 0.5, -3e8 })
        {
            var range = new ColorRange(value, value, new FieldQuantity("u")).Rounded();

            Assert.True(range.Low < value && value < range.High, $"{value} is not within {range.Low} to {range.High}.");
        }
    }

    [Fact]
    public void Take_GivenRange_IsInTheUnitOfWhatIsShown()
    {
        var ranges = new RangeTracker(RangeRule.Fixed(-80, 40));

        Assert.Equal("-80 to 40 mV", ranges.Take([0]).Text);
        Assert.Equal("u -80 to 40", ranges.Take([0], new FieldQuantity("u")).Text);
    }

    [Fact]
    public void Take_AllFrames_OnlyWidens()
    {
        var ranges = new RangeTracker(RangeRule.All);
        Assert.Null(ranges.Common);

        Assert.Equal("-80 to -70 mV", ranges.Take([-0.08, -0.07]).Text);
        Assert.Equal("-80 to -60 mV", ranges.Take([-0.07, -0.06]).Text);
        Assert.Equal("-80 to -60 mV", ranges.Take([-0.065, -0.064]).Text);
        Assert.Equal("-80 to -60 mV", ranges.Common?.Text);
        Assert.Equal("-65 to -64 mV", new RangeTracker(RangeRule.Each).Take([-0.065, -0.064]).Text);
    }
}
