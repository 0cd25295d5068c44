using System.Globalization;
using System.Text.RegularExpressions;
using Mfn.Cli.Pictures;
using Mfn.Cli.Terminals;
using Mfn.Server.Pictures;

namespace Mfn.Server.Tests.Cli.Pictures;

public sealed class TerminalPictureTests
{
    private static readonly ColorRange Range = new(0, 1);
    private static readonly TerminalPicture Colored = new(TerminalColors.True, hasBlocks: true);
    private static readonly TerminalPicture Plain = new(TerminalColors.None, hasBlocks: false);

    [Fact]
    public void Render_FieldOfTheWindowsSize_HasTwoCellsInACharacter()
    {
        var lines = Colored.Render([0, 1, 1, 0], 2, 2, width: 2, height: 1, Range);

        Assert.Equal([$"{Foreground(0)}{Background(255)}▀{Foreground(255)}{Background(0)}▀\e[0m"], lines);
    }

    [Fact]
    public void Render_EqualNeighbours_ShareTheirColors()
    {
        var lines = Colored.Render([1, 1, 1, 0, 0, 0], 2, 3, width: 3, height: 1, Range);

        Assert.Equal([$"{Foreground(255)}{Background(0)}▀▀▀\e[0m"], lines);
    }

    [Fact]
    public void Render_OddNumberOfRows_LeavesTheLastHalfEmpty()
    {
        var lines = Colored.Render([0, 0, 1], 3, 1, width: 1, height: 2, Range);

        Assert.Equal([$"{Foreground(0)}{Background(0)}▀\e[0m", $"{Foreground(255)}▀\e[0m"], lines);
    }

    [Fact]
    public void Render_LargeField_ShowsMeansOfItsCells()
    {
        // Four blocks of 2 x 2 cells, of means 0, 1, 0.5 and 0.25.
        double[] volts =
        [
            0, 0, 1, 1,
            0, 0, 1, 1,
            0, 1, 0.25, 0.25,
            1, 0, 0.25, 0.25,
        ];

        var lines = Colored.Render(volts, 4, 4, width: 2, height: 10, Range);

        Assert.Equal([$"{Foreground(0)}{Background(128)}▀{Foreground(255)}{Background(64)}▀\e[0m"], lines);
    }

    [Fact]
    public void Render_WithoutColors_ShadesWithCharacters()
    {
        var lines = Plain.Render([0, 1, 0.5, 0, 1, 0.5], 2, 3, width: 3, height: 1, Range);

        Assert.Equal([" @+"], lines);
    }

    [Theory]
    [InlineData(64, 64, 80, 23, 23, 46)]
    [InlineData(64, 64, 40, 60, 20, 40)]
    [InlineData(64, 64, 200, 70, 64, 128)]
    [InlineData(1024, 1024, 80, 23, 23, 46)]
    [InlineData(4, 4, 80, 24, 24, 48)]
    [InlineData(7, 100, 50, 24, 2, 50)]
    [InlineData(1000, 4, 80, 1, 1, 1)]
    [InlineData(64, 64, 1, 1, 1, 1)]
    public void Render_AnyWindow_FitsIntoItAndKeepsTheShape(int rows, int columns, int width, int height, int lineCount, int length)
    {
        var lines = Plain.Render(new double[rows * columns], rows, columns, width, height, Range);

        Assert.Equal((lineCount, length), (lines.Count, lines[0].Length));
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(5, 0)]
    [InlineData(5, -1)]
    public void Render_NoWindow_IsEmpty(int width, int height) =>
        Assert.Empty(Colored.Render([0], 1, 1, width, height, Range));

    [Fact]
    public void Render_AreasThatCutCells_CountThemInPart()
    {
        // Three cells in two pixels: each pixel has one and a half.
        var lines = Colored.Render([0, 0.75, 0.375], 1, 3, width: 2, height: 1, Range);

        Assert.Equal([$"{Foreground(ColorMap.Level(0.25, 0, 1))}▀{Foreground(ColorMap.Level(0.5, 0, 1))}▀\e[0m"], lines);
    }

    [Fact]
    public void Render_MarkedCell_StandsOutFromAnyColor()
    {
        Assert.Equal([$"\e[38;2;255;255;255m▀{Foreground(255)}▀\e[0m"], Colored.Render([0, 1], 1, 2, width: 3, height: 1, Range, mark: (0, 0)));
        Assert.Equal([$"{Foreground(0)}▀\e[38;2;0;0;0m▀\e[0m"], Colored.Render([0, 1], 1, 2, width: 3, height: 1, Range, mark: (0, 1)));
        Assert.Equal([" X"], Plain.Render([0, 1], 1, 2, width: 3, height: 1, Range, mark: (0, 1)));
    }

    [Fact]
    public void Render_TerminalOf256Colors_GetsColorsThatGrowInLightness()
    {
        var lines = new TerminalPicture(TerminalColors.Palette, hasBlocks: true).Render(
            [.. Enumerable.Range(0, 256).Select(level => level / 255.0)], 1, 256, width: 256, height: 1, Range);

        var entries = Regex.Matches(lines.Single(), @"\e\[38;5;(\d+)m▀").Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).ToArray();
        Assert.InRange(entries.Length, 12, 240);
        var lightness = entries.Select(entry => TerminalPalette.EntryOf(entry)).Select(color => ColorMap.ToLab(((byte)color.Red, (byte)color.Green, (byte)color.Blue)).L).ToArray();
        Assert.All(lightness.Zip(lightness.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, -0.03, 0.12));
        Assert.True(lightness[^1] - lightness[0] > 0.6);
    }

    [Fact]
    public void ColorBar_AnyWidth_FitsAndNamesTheEnds()
    {
        Assert.Equal("-80 [   ..::--==++**##%%@@] 40 mV", Plain.ColorBar(new ColorRange(-0.08, 0.04), 33));
        Assert.Equal("-80 to 40 mV", Plain.ColorBar(new ColorRange(-0.08, 0.04), 14));
        Assert.All(Enumerable.Range(1, 100), width => Assert.InRange(Plain.ColorBar(new ColorRange(-0.08, 0.04), width).Length, 1, width));
        var colored = Regex.Replace(Colored.ColorBar(new ColorRange(-0.08, 0.04), 30), @"\e\[[0-9;]*m", "");
        Assert.Equal("-80 ████████████████████ 40 mV", colored);
    }

    private static string Foreground(byte level) => Color(38, level);

    private static string Background(byte level) => Color(48, level);

    private static string Color(int target, byte level)
    {
        var (red, green, blue) = ColorMap.Of(level);
        return $"\e[{target};2;{red};{green};{blue}m";
    }
}
