namespace Mfn.Cli.Pictures;

/// <summary>
/// 256 colours from dark violet over blue and green to light yellow, whose lightness grows evenly, so that equal differences look equal, in grey too.
/// </summary>
/// <remarks>Lightness, chroma and hue are those of OKLab: Ottosson, https://bottosson.github.io/posts/oklab/</remarks>
internal static class ColorMap
{
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

    private static byte ToByte(double linear)
    {
        var encoded = linear <= 0.0031308 ? 12.92 * linear : (1.055 * Math.Pow(linear, 1 / 2.4)) - 0.055;
        return (byte)Math.Round(Math.Clamp(encoded, 0, 1) * byte.MaxValue);
    }
}
