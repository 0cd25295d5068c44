using Mfn.Cli.Pictures;

namespace Mfn.Server.Tests.Cli.Pictures;

public sealed class TerminalPictureTests
{
    private static readonly ColorRange Range = new(0, 1);

    [Fact]
    public void Render_FieldOfTheWindowsSize_HasTwoCellsInACharacter()
    {
        var lines = TerminalPicture.Render([0, 1, 1, 0], 2, 2, width: 2, height: 1, Range, isColored: true);

        Assert.Equal([$"{Foreground(0)}{Background(255)}▀{Foreground(255)}{Background(0)}▀\e[0m"], lines);
    }

    [Fact]
    public void Render_EqualNeighbours_ShareTheirColors()
    {
        var lines = TerminalPicture.Render([1, 1, 1, 0, 0, 0], 2, 3, width: 3, height: 1, Range, isColored: true);

        Assert.Equal([$"{Foreground(255)}{Background(0)}▀▀▀\e[0m"], lines);
    }

    [Fact]
    public void Render_OddNumberOfRows_LeavesTheLastHalfEmpty()
    {
        var lines = TerminalPicture.Render([0, 0, 1], 3, 1, width: 1, height: 2, Range, isColored: true);

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

        var lines = TerminalPicture.Render(volts, 4, 4, width: 2, height: 10, Range, isColored: true);

        Assert.Equal([$"{Foreground(0)}{Background(128)}▀{Foreground(255)}{Background(64)}▀\e[0m"], lines);
    }

    [Fact]
    public void Render_WithoutColors_ShadesWithCharacters()
    {
        var lines = TerminalPicture.Render([0, 1, 0.5, 0, 1, 0.5], 2, 3, width: 3, height: 1, Range, isColored: false);

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
        var lines = TerminalPicture.Render(new double[rows * columns], rows, columns, width, height, Range, isColored: false);

        Assert.Equal((lineCount, length), (lines.Count, lines[0].Length));
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(5, 0)]
    [InlineData(5, -1)]
    public void Render_NoWindow_IsEmpty(int width, int height) =>
        Assert.Empty(TerminalPicture.Render([0], 1, 1, width, height, Range, isColored: true));

    private static string Foreground(byte level) => Color(38, level);

    private static string Background(byte level) => Color(48, level);

    private static string Color(int target, byte level)
    {
        var (red, green, blue) = ColorMap.Of(level);
        return $"\e[{target};2;{red};{green};{blue}m";
    }
}
