using Mfn.Cli.Frames;

namespace Mfn.Cli.Pictures;

/// <summary>Draws a field as a picture: each cell a square of pixels, beside it a colour bar in mV if it is wanted.</summary>
internal static class FieldPicture
{
    /// <summary>Pixels along a side at most; more are of no use to a viewer, and cost their square in memory.</summary>
    public const int MostPixels = 8192;

    private const int Margin = 8;
    private const int BarWidth = 16;
    private const int TickLength = 4;
    private const int LeastBarHeight = 96;
    private const int LargeHeight = 400;
    private const int LinesPerTick = 3;

    /// <summary>Draws a row-major field.</summary>
    /// <exception cref="BadArgumentsException">The picture would be too large.</exception>
    public static Picture Draw(FieldFrame frame, ColorRange range, PictureStyle style)
    {
        CheckSize(frame.RowCount, frame.ColumnCount, style.Scale);
        var (height, width) = (frame.RowCount * style.Scale, frame.ColumnCount * style.Scale);
        if (!style.HasColorBar)
        {
            var bare = new Picture(height, width);
            DrawCells(bare, frame, range, style.Scale, 0, 0);
            return bare;
        }

        // A bar needs two ends.
        range = range.High > range.Low ? range : range.Rounded();
        var barHeight = Math.Max(height, LeastBarHeight);
        var textScale = barHeight >= LargeHeight ? 2 : 1;
        var labels = Labels(range, barHeight / (PixelFont.GlyphHeight * textScale * LinesPerTick));
        var labelWidth = labels.Max(label => PixelFont.WidthOf(label.Text, textScale));
        var barColumn = Margin + width + Margin;
        var picture = new Picture(barHeight + (2 * Margin), barColumn + BarWidth + (2 * TickLength) + labelWidth + Margin);
        DrawCells(picture, frame, range, style.Scale, Margin + ((barHeight - height) / 2), Margin);
        DrawBar(picture, barColumn, barHeight);
        foreach (var (volts, text) in labels)
        {
            var row = Margin + (int)Math.Round((range.High - volts) / (range.High - range.Low) * (barHeight - 1));
            picture.Fill(row, barColumn + BarWidth, 1, TickLength, Picture.Ink);
            var textHeight = PixelFont.GlyphHeight * textScale;
            var textRow = Math.Clamp(row - (textHeight / 2), 0, picture.RowCount - textHeight);
            PixelFont.Write(picture, text, textRow, barColumn + BarWidth + (2 * TickLength), textScale);
        }

        return picture;
    }

    /// <exception cref="BadArgumentsException">The picture would be too large.</exception>
    public static void CheckSize(int rowCount, int columnCount, int scale)
    {
        if (Math.Max(rowCount, columnCount) * (long)scale > MostPixels)
        {
            throw new BadArgumentsException(
                $"--scale {scale} would make a picture of {rowCount} x {columnCount} cells {Math.Max(rowCount, columnCount) * (long)scale} pixels large; it may be {MostPixels} at most.");
        }
    }

    private static void DrawCells(Picture picture, FieldFrame frame, ColorRange range, int scale, int firstRow, int firstColumn)
    {
        var volts = frame.Volts.Span;
        for (var row = 0; row < frame.RowCount; row++)
        {
            var line = picture.Row(firstRow + (row * scale));
            for (var column = 0; column < frame.ColumnCount; column++)
            {
                line.Slice(firstColumn + (column * scale), scale).Fill(Picture.PixelOf(volts[(row * frame.ColumnCount) + column], range));
            }

            for (var copy = 1; copy < scale; copy++)
            {
                line.Slice(firstColumn, frame.ColumnCount * scale).CopyTo(picture.Row(firstRow + (row * scale) + copy)[firstColumn..]);
            }
        }
    }

    // High potentials are on top. Its frame stands on the margin.
    private static void DrawBar(Picture picture, int column, int height)
    {
        picture.Fill(Margin - 1, column - 1, height + 2, BarWidth + 2, Picture.Ink);
        for (var row = 0; row < height; row++)
        {
            var level = (byte)Math.Round((height - 1 - row) * (Picture.LevelCount - 1.0) / (height - 1));
            picture.Fill(Margin + row, column, 1, BarWidth, level);
        }
    }

    // The unit stands with the highest.
    private static (double Volts, string Text)[] Labels(ColorRange range, int most)
    {
        var ticks = range.Ticks(Math.Max(2, most)).ToArray();
        return ticks.Length == 0
            ? [(range.High, $"{range.HighText} mV")]
            : [.. ticks.Select((volts, i) => (volts, ColorRange.Format(volts) + (i == ticks.Length - 1 ? " mV" : "")))];
    }
}
