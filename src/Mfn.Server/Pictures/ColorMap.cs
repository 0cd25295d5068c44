namespace Mfn.Server.Pictures;

/// <summary>
/// 256 colours from dark violet over blue and green to light yellow, whose lightness grows evenly, so that equal differences look equal, in grey too.
/// </summary>
/// <remarks>Lightness, chroma and hue are those of OKLab: Ottosson, https://bottosson.github.io/posts/oklab/</remarks>
public static class ColorMap
{
    /// <summary>How many colours there are.</summary>
    public const int Count = 256;

    private const double DarkestLightness = 0.2;
    private const double LightestLightness = 0.95;
    private const double FirstHueDegrees = 305;
    private const double LastHueDegrees = 100;
    private const double LargestChroma = 0.16;

    private static readonly (byte Red, byte Green, byte Blue)[] Colors = [.. Enumerable.Range(0, Count).Select(i => Compute(i / (Count - 1.0)))];

    /// <summary>The colour of a level from 0 to 255.</summary>
    public static (byte Red, byte Green, byte Blue) Of(byte level) => Colors[level];

    /// <summary>The level of a value in a range; values beyond it get its ends.</summary>
    public static byte Level(double value, double low, double high) =>
        high > low ? (byte)Math.Round(Math.Clamp((value - low) / (high - low), 0, 1) * (Count - 1)) : (byte)0;

    /// <summary>A colour's lightness from 0 to 1, and its place on the axes from green to red and from blue to yellow.</summary>
    public static (double L, double A, double B) ToLab((byte Red, byte Green, byte Blue) color)
    {
        var (red, green, blue) = (ToLinear(color.Red), ToLinear(color.Green), ToLinear(color.Blue));
        var l = Math.Cbrt((0.4122214708 * red) + (0.5363325363 * green) + (0.0514459929 * blue));
        var m = Math.Cbrt((0.2119034982 * red) + (0.6806995451 * green) + (0.1073969566 * blue));
        var s = Math.Cbrt((0.0883024619 * red) + (0.2817188376 * green) + (0.6299787005 * blue));
        return (
            (0.2104542553 * l) + (0.7936177850 * m) - (0.0040720468 * s),
            (1.9779984951 * l) - (2.4285922050 * m) + (0.4505937099 * s),
            (0.0259040371 * l) + (0.7827717662 * m) - (0.8086757660 * s));
    }

    private static (byte Red, byte Green, byte Blue) Compute(double part)
    {
        var lightness = DarkestLightness + (part * (LightestLightness - DarkestLightness));
        var hue = (FirstHueDegrees + (part * (LastHueDegrees - FirstHueDegrees))) * Math.PI / 180;

        // As colourful as a screen can show at this lightness.
        var (inside, outside) = (0.0, LargestChroma);
        for (var i = 0; i < 30; i++)
        {
            var middle = (inside + outside) / 2;
            var (red, green, blue) = ToLinearRgb(lightness, middle * Math.Cos(hue), middle * Math.Sin(hue));
            if (Math.Min(red, Math.Min(green, blue)) >= 0 && Math.Max(red, Math.Max(green, blue)) <= 1)
            {
                inside = middle;
            }
            else
            {
                outside = middle;
            }
        }

        var color = ToLinearRgb(lightness, inside * Math.Cos(hue), inside * Math.Sin(hue));
        return (ToByte(color.Red), ToByte(color.Green), ToByte(color.Blue));
    }

    private static (double Red, double Green, double Blue) ToLinearRgb(double lightness, double a, double b)
    {
        var l = Cube(lightness + (0.3963377774 * a) + (0.2158037573 * b));
        var m = Cube(lightness - (0.1055613458 * a) - (0.0638541728 * b));
        var s = Cube(lightness - (0.0894841775 * a) - (1.2914855480 * b));
        return (
            (4.0767416621 * l) - (3.3077115913 * m) + (0.2309699292 * s),
            (-1.2684380046 * l) + (2.6097574011 * m) - (0.3413193965 * s),
            (-0.0041960863 * l) - (0.7034186147 * m) + (1.7076147010 * s));
    }

    private static double Cube(double value) => value * value * value;

    private static double ToLinear(byte encoded)
    {
        var part = encoded / (double)byte.MaxValue;
        return part <= 0.04045 ? part / 12.92 : Math.Pow((part + 0.055) / 1.055, 2.4);
    }

    private static byte ToByte(double linear)
    {
        var encoded = linear <= 0.0031308 ? 12.92 * linear : (1.055 * Math.Pow(linear, 1 / 2.4)) - 0.055;
        return (byte)Math.Round(Math.Clamp(encoded, 0, 1) * byte.MaxValue);
    }
}
