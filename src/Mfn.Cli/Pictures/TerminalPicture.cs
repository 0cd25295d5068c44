using System.Text;
using Mfn.Cli.Terminals;
using Mfn.Server.Pictures;

namespace Mfn.Cli.Pictures;

/// <summary>
/// A field, and the bar that explains its colours, as the text of a terminal: two pixels to a character, one above the other; or shades of characters
/// where there are no colours or no blocks.
/// </summary>
internal sealed class TerminalPicture(TerminalColors colors, bool hasBlocks)
{
    private const string Shades = " .:-=+*#%@";
    private const string Reset = "\e[0m";
    private const char UpperHalf = '▀';
    private const char Mark = 'X';
    private const byte Light = ColorMap.Count / 2;
    private const int LeastBar = 4;
    private const int MostBar = 64;

    private bool IsColored => hasBlocks && colors != TerminalColors.None;

    /// <summary>
    /// The rows and columns of pixels that a field takes in a window of so many characters: a cell takes a square of pixels, or a pixel is the mean
    /// of a rectangle of cells.
    /// </summary>
    public static (int Rows, int Columns) Fit(int rowCount, int columnCount, int width, int height)
    {
        var (rowRoom, columnRoom) = (2 * height, width);
        var magnification = Math.Min(rowRoom / rowCount, columnRoom / columnCount);
        if (magnification >= 1)
        {
            return (rowCount * magnification, columnCount * magnification);
        }

        var reduction = Math.Max((double)rowCount / rowRoom, (double)columnCount / columnRoom);
        return (Reduce(rowCount, rowRoom), Reduce(columnCount, columnRoom));

        int Reduce(int count, int room) => Math.Clamp((int)Math.Round(count / reduction), 1, room);
    }

    /// <summary>The lines of the picture, as large as fits in so many characters. A marked cell stands out in black or white.</summary>
    public IReadOnlyList<string> Render(
        ReadOnlySpan<double> values, int rowCount, int columnCount, int width, int height, ColorRange range, (int Row, int Column)? mark = null)
    {
        if (width < 1 || height < 1)
        {
            return [];
        }

        var (pixelRows, pixelColumns) = Fit(rowCount, columnCount, width, height);
        var means = AreaMeans.Compute(values, rowCount, columnCount, pixelRows, pixelColumns);
        var isMarked = new bool[means.Length];
        if (mark is var (markedRow, markedColumn))
        {
            MarkPixels(isMarked, pixelRows, pixelColumns, PixelsOf(markedRow, rowCount, pixelRows), PixelsOf(markedColumn, columnCount, pixelColumns));
        }

        var lines = new List<string>();
        for (var row = 0; row < pixelRows; row += 2)
        {
            var upper = (row * pixelColumns)..((row + 1) * pixelColumns);
            var lower = row + 1 < pixelRows ? ((row + 1) * pixelColumns)..((row + 2) * pixelColumns) : 0..0;
            lines.Add(IsColored
                ? Blocks(means.AsSpan(upper), means.AsSpan(lower), isMarked.AsSpan(upper), isMarked.AsSpan(lower), range)
                : Characters(means.AsSpan(upper), means.AsSpan(lower), isMarked.AsSpan(upper), isMarked.AsSpan(lower), range));
        }

        return lines;
    }

    /// <summary>A line of all colours, with the values of the first and the last; without the colours where the window is too narrow for them.</summary>
    public string ColorBar(ColorRange range, int width)
    {
        var (low, high) = ($"{range.Quantity.Prefix}{range.LowText}", $"{range.HighText}{range.Quantity.Suffix}");
        var length = Math.Min(MostBar, width - low.Length - high.Length - (IsColored ? 2 : 4));
        if (length < LeastBar)
        {
            return FactLine.First(width, range.Text);
        }

        var bar = new StringBuilder();
        for (var i = 0; i < length; i++)
        {
            bar.Append(IsColored
                ? TerminalPalette.Of((byte)(i * (ColorMap.Count - 1) / (length - 1)), isBackground: false, colors) + '█'
                : Shades[i * Shades.Length / length]);
        }

        return IsColored ? $"{low} {bar}{Reset} {high}" : $"{low} [{bar}] {high}";
    }

    // A cell has several pixels, or shares one.
    private static (int Start, int End) PixelsOf(int cell, int cellCount, int pixelCount)
    {
        var start = (int)((long)cell * pixelCount / cellCount);
        return (start, Math.Max(start + 1, (int)((cell + 1L) * pixelCount / cellCount)));
    }

    private static void MarkPixels(bool[] isMarked, int pixelRows, int pixelColumns, (int Start, int End) rows, (int Start, int End) columns)
    {
        for (var row = rows.Start; row < Math.Min(rows.End, pixelRows); row++)
        {
            isMarked.AsSpan(row * pixelColumns, pixelColumns)[columns.Start..Math.Min(columns.End, pixelColumns)].Fill(true);
        }
    }

    private static string Characters(
        ReadOnlySpan<double> upper, ReadOnlySpan<double> lower, ReadOnlySpan<bool> isUpperMarked, ReadOnlySpan<bool> isLowerMarked, ColorRange range)
    {
        var line = new StringBuilder();
        for (var x = 0; x < upper.Length; x++)
        {
            var mean = lower.IsEmpty ? upper[x] : (upper[x] + lower[x]) / 2;
            line.Append(isUpperMarked[x] || (!lower.IsEmpty && isLowerMarked[x]) ? Mark : Shades[range.Level(mean) * Shades.Length / ColorMap.Count]);
        }

        return line.ToString();
    }

    private string Blocks(
        ReadOnlySpan<double> upper, ReadOnlySpan<double> lower, ReadOnlySpan<bool> isUpperMarked, ReadOnlySpan<bool> isLowerMarked, ColorRange range)
    {
        var line = new StringBuilder();
        var (foreground, background) = ("", "");
        for (var x = 0; x < upper.Length; x++)
        {
            SetColor(upper[x], isUpperMarked[x], isBackground: false, ref foreground);
            if (!lower.IsEmpty)
            {
                SetColor(lower[x], isLowerMarked[x], isBackground: true, ref background);
            }

            line.Append(UpperHalf);
        }

        return line.Append(Reset).ToString();

        void SetColor(double value, bool isMarked, bool isBackground, ref string current)
        {
            var level = range.Level(value);
            var color = isMarked ? TerminalPalette.Mark(isLight: level < Light, isBackground, colors) : TerminalPalette.Of(level, isBackground, colors);
            if (color != current)
            {
                line.Append(color);
                current = color;
            }
        }
    }
}
