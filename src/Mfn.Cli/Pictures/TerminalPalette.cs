using System.Globalization;
using Mfn.Cli.Terminals;
using Mfn.Server.Pictures;

namespace Mfn.Cli.Pictures;

/// <summary>The escape sequences that choose a colour of <see cref="ColorMap"/>, or the nearest that the terminal has.</summary>
internal static class TerminalPalette
{
    private const int FirstCube = 16;
    private const int FirstGrey = 232;
    private const int GreyCount = 24;
    private const int Black = 16;
    private const int White = 231;
    private static readonly byte[] CubeLevels = [0, 95, 135, 175, 215, 255];
    private static readonly Lazy<int[]> Nearest = new(() => [.. Enumerable.Range(0, ColorMap.Count).Select(level => FindNearest((byte)level))]);

    /// <summary>Makes what follows of a level's colour: the characters, or what is behind them.</summary>
    public static string Of(byte level, bool isBackground, TerminalColors colors)
    {
        var target = isBackground ? 48 : 38;
        if (colors == TerminalColors.Palette)
        {
            return string.Create(CultureInfo.InvariantCulture, $"\e[{target};5;{Nearest.Value[level]}m");
        }

        var (red, green, blue) = ColorMap.Of(level);
        return string.Create(CultureInfo.InvariantCulture, $"\e[{target};2;{red};{green};{blue}m");
    }

    /// <summary>Makes what follows black or white.</summary>
    public static string Mark(bool isLight, bool isBackground, TerminalColors colors)
    {
        var target = isBackground ? 48 : 38;
        return colors == TerminalColors.Palette ? $"\e[{target};5;{(isLight ? White : Black)}m" : $"\e[{target};2;{(isLight ? "255;255;255" : "0;0;0")}m";
    }

    /// <summary>The colour of an entry of xterm's palette behind its first 16.</summary>
    internal static (int Red, int Green, int Blue) EntryOf(int index)
    {
        if (index >= FirstGrey)
        {
            var grey = 8 + (10 * (index - FirstGrey));
            return (grey, grey, grey);
        }

        var place = index - FirstCube;
        return (CubeLevels[place / 36], CubeLevels[place / 6 % 6], CubeLevels[place % 6]);
    }

    private static int FindNearest(byte level)
    {
        var color = ColorMap.ToLab(ColorMap.Of(level));
        return Enumerable.Range(FirstCube, FirstGrey + GreyCount - FirstCube).MinBy(index =>
        {
            var (red, green, blue) = EntryOf(index);
            var entry = ColorMap.ToLab(((byte)red, (byte)green, (byte)blue));

            // Lightness is what orders the colours.
            return (4 * Square(entry.L - color.L)) + Square(entry.A - color.A) + Square(entry.B - color.B);
        });
    }

    private static double Square(double value) => value * value;
}
