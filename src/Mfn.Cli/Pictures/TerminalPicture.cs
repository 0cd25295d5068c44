using System.Globalization;
using System.Text;

namespace Mfn.Cli.Pictures;

/// <summary>A field as the text of a terminal: two pixels to a character, one above the other, in 24-bit colours; or shades of characters without.</summary>
internal static class TerminalPicture
{
    private const string Shades = " .:-=+*#%@";

    /// <summary>
    /// The lines of the picture, as large as fits in so many characters: a cell takes a square of pixels, or a pixel is the mean of a rectangle of
    /// cells.
    /// </summary>
    public static IReadOnlyList<string> Render(
        ReadOnlySpan<double> volts, int rowCount, int columnCount, int width, int height, ColorRange range, bool isColored)
    {
        if (width < 1 || height < 1)
        {
            return [];
        }

        var (pixelRows, pixelColumns) = Fit(rowCount, columnCount, 2 * height, width);
        var means = Means(volts, rowCount, columnCount, pixelRows, pixelColumns);
        var lines = new List<string>();
        for (var row = 0; row < pixelRows; row += 2)
        {
            var upper = means.AsSpan(row * pixelColumns, pixelColumns);
            var lower = row + 1 < pixelRows ? means.AsSpan((row + 1) * pixelColumns, pixelColumns) : [];
            lines.Add(isColored ? Blocks(upper, lower, range) : Characters(upper, lower, range));
        }

        return lines;
    }

    private static (int Rows, int Columns) Fit(int rowCount, int columnCount, int rowRoom, int columnRoom)
    {
        var magnification = Math.Min(rowRoom / rowCount, columnRoom / columnCount);
        if (magnification >= 1)
        {
            return (rowCount * magnification, columnCount * magnification);
        }

        var reduction = Math.Max((double)rowCount / rowRoom, (double)columnCount / columnRoom);
        return (Reduce(rowCount, rowRoom), Reduce(columnCount, columnRoom));

        int Reduce(int count, int room) => Math.Clamp((int)Math.Round(count / reduction), 1, room);
    }

    private static double[] Means(ReadOnlySpan<double> volts, int rowCount, int columnCount, int pixelRows, int pixelColumns)
    {
        var means = new double[pixelRows * pixelColumns];
        for (var y = 0; y < pixelRows; y++)
        {
            var (top, bottom) = Part(y, pixelRows, rowCount);
            for (var x = 0; x < pixelColumns; x++)
            {
                var (left, right) = Part(x, pixelColumns, columnCount);
                var sum = 0.0;
                for (var row = top; row < bottom; row++)
                {
                    foreach (var potential in volts.Slice((row * columnCount) + left, right - left))
                    {
                        sum += potential;
                    }
                }

                means[(y * pixelColumns) + x] = sum / ((bottom - top) * (right - left));
            }
        }

        return means;
    }

    // The cells of a pixel along one axis; one cell at least.
    private static (int Start, int End) Part(int pixel, int pixelCount, int cellCount)
    {
        var start = (int)((long)pixel * cellCount / pixelCount);
        return (start, Math.Max(start + 1, (int)((pixel + 1L) * cellCount / pixelCount)));
    }

    private static string Blocks(ReadOnlySpan<double> upper, ReadOnlySpan<double> lower, ColorRange range)
    {
        var line = new StringBuilder();
        var (foreground, background) = (-1, -1);
        for (var x = 0; x < upper.Length; x++)
        {
            SetColor(38, range.Level(upper[x]), ref foreground);
            if (!lower.IsEmpty)
            {
                SetColor(48, range.Level(lower[x]), ref background);
            }

            line.Append('▀');
        }

        return line.Append("\e[0m").ToString();

        void SetColor(int target, byte level, ref int current)
        {
            if (level != current)
            {
                var (red, green, blue) = ColorMap.Of(level);
                line.Append(CultureInfo.InvariantCulture, $"\e[{target};2;{red};{green};{blue}m");
                current = level;
            }
        }
    }

    private static string Characters(ReadOnlySpan<double> upper, ReadOnlySpan<double> lower, ColorRange range)
    {
        var line = new StringBuilder();
        for (var x = 0; x < upper.Length; x++)
        {
            var mean = lower.IsEmpty ? upper[x] : (upper[x] + lower[x]) / 2;
            line.Append(Shades[range.Level(mean) * Shades.Length / ColorMap.Count]);
        }

        return line.ToString();
    }
}
