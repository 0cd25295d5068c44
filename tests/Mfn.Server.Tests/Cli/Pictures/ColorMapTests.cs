using Mfn.Server.Pictures;

namespace Mfn.Server.Tests.Cli.Pictures;

public sealed class ColorMapTests
{
    [Fact]
    public void Of_NeighbouringLevels_GrowInLightnessByTheSame()
    {
        var lightness = Enumerable.Range(0, 256).Select(level => NaiveLightness(ColorMap.Of((byte)level))).ToArray();

        Assert.InRange(lightness[0], 0.19, 0.21);
        Assert.InRange(lightness[255], 0.94, 0.96);

        // Even but for the rounding to 8 bits: 0.75 / 255 is 0.0029.
        Assert.All(lightness.Zip(lightness.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 0, 0.006));
        Assert.All(lightness.Index(), item => Assert.InRange(item.Item - (0.2 + (0.75 * item.Index / 255)), -0.004, 0.004));
    }

    [Theory]
    [InlineData(-1.0, 0)]
    [InlineData(0.0, 0)]
    [InlineData(0.5, 128)]
    [InlineData(1.0, 255)]
    [InlineData(9.0, 255)]
    public void Level_AnyValue_IsItsPlaceInTheRange(double value, byte level) => Assert.Equal(level, ColorMap.Level(value, 0, 1));

    [Fact]
    public void Level_RangeWithoutWidth_IsTheFirst() => Assert.Equal(0, ColorMap.Level(5, 5, 5));

    // OKLab's lightness of an sRGB colour.
    private static double NaiveLightness((byte Red, byte Green, byte Blue) color)
    {
        var (red, green, blue) = (Linear(color.Red), Linear(color.Green), Linear(color.Blue));
        var l = Math.Cbrt((0.4122214708 * red) + (0.5363325363 * green) + (0.0514459929 * blue));
        var m = Math.Cbrt((0.2119034982 * red) + (0.6806995451 * green) + (0.1073969566 * blue));
        var s = Math.Cbrt((0.0883024619 * red) + (0.2817188376 * green) + (0.6299787005 * blue));
        return (0.2104542553 * l) + (0.7936177850 * m) - (0.0040720468 * s);

        static double Linear(byte value) => value / 255.0 <= 0.04045 ? value / 255.0 / 12.92 : Math.Pow(((value / 255.0) + 0.055) / 1.055, 2.4);
    }
}
