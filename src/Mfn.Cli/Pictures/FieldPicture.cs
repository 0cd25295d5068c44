using System.Globalization;
using Mfn.Cli.Frames;
using Mfn.Server.Pictures;

namespace Mfn.Cli.Pictures;

/// <summary>Draws a field as a picture: each cell a square of pixels; beside it a colour bar, and below it a scale of lengths where cells have a width, if they are wanted.</summary>
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
    private const int ScaleTickHeight = 5;
    private const int LeastScaleShare = 3;
    private const double Tolerance = 1e-9;

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
        var labels = Labels(range, barHeight / (PixelFont.GlyphHeight * textScale * LinesPerTick), 2.0 * PixelFont.GlyphHeight * textScale / barHeight);
        var labelWidth = labels.Max(label => PixelFont.WidthOf(label.Text, textScale));
        var barColumn = Margin + width + Margin;
        var columnCount = barColumn + BarWidth + (2 * TickLength) + labelWidth + Margin;
        var (scaleCells, scaleText) = LengthScale(frame);
        var textColumn = Margin + (scaleCells * style.Scale) + Margin;
        var scaleHeight = scaleCells == 0 ? 0 : Margin + Math.Max(ScaleTickHeight, PixelFont.GlyphHeight * textScale);
        if (scaleCells > 0)
        {
            columnCount = Math.Max(columnCount, textColumn + PixelFont.WidthOf(scaleText, textScale) + Margin);
        }

        var picture = new Picture(barHeight + scaleHeight + (2 * Margin), columnCount);
        DrawCells(picture, frame, range, style.Scale, Margin + ((barHeight - height) / 2), Margin);
        DrawBar(picture, barColumn, barHeight);
        if (scaleCells > 0)
        {
            DrawScale(picture, Margin + barHeight + Margin, scaleCells * style.Scale, textColumn, scaleText, textScale);
        }

        foreach (var (value, text) in labels)
        {
            var row = Margin + (int)Math.Round((range.High - value) / (range.High - range.Low) * (barHeight - 1));
            picture.Fill(row, barColumn + BarWidth, 1, TickLength, Picture.Ink);
            var textHeight = PixelFont.GlyphHeight * textScale;
            var textRow = Math.Clamp(row - (textHeight / 2), 0, barHeight + (2 * Margin) - textHeight);
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
        var values = frame.Values.Span;
        for (var row = 0; row < frame.RowCount; row++)
        {
            var line = picture.Row(firstRow + (row * scale));
            for (var column = 0; column < frame.ColumnCount; column++)
            {
                line.Slice(firstColumn + (column * scale), scale).Fill(Picture.PixelOf(values[(row * frame.ColumnCount) + column], range.Low, range.High));
            }

            for (var copy = 1; copy < scale; copy++)
            {
                line.Slice(firstColumn, frame.ColumnCount * scale).CopyTo(picture.Row(firstRow + (row * scale) + copy)[firstColumn..]);
            }
        }
    }

    // High values are on top. Its frame stands on the margin.
    private static void DrawBar(Picture picture, int column, int height)
    {
        picture.Fill(Margin - 1, column - 1, height + 2, BarWidth + 2, Picture.Ink);
        for (var row = 0; row < height; row++)
        {
            var level = (byte)Math.Round((height - 1 - row) * (Picture.LevelCount - 1.0) / (height - 1));
            picture.Fill(Margin + row, column, 1, BarWidth, level);
        }
    }

    // A line of a round number of cells, and how long that is.
    private static void DrawScale(Picture picture, int row, int length, int textColumn, string text, int textScale)
    {
        var height = Math.Max(ScaleTickHeight, PixelFont.GlyphHeight * textScale);
        var middle = row + (height / 2);
        picture.Fill(middle, Margin, 1, length, Picture.Ink);
        picture.Fill(middle - (ScaleTickHeight / 2), Margin, ScaleTickHeight, 1, Picture.Ink);
        picture.Fill(middle - (ScaleTickHeight / 2), Margin + length - 1, ScaleTickHeight, 1, Picture.Ink);
        PixelFont.Write(picture, text, row, textColumn, textScale);
    }

    private static (int Cells, string Text) LengthScale(FieldFrame frame)
    {
        if (frame.Subject.CellWidth <= 0)
        {
            return (0, "");
        }

        var most = Math.Max(1, frame.ColumnCount / LeastScaleShare);
        var cells = (int)Math.Round(1 / ColorRange.RoundStep(1.0 / most));
        var length = (cells * frame.Subject.CellWidth).ToString("G4", CultureInfo.InvariantCulture).ToLowerInvariant();
        return (cells, $"{cells} {(cells == 1 ? "cell" : "cells")} = {length}");
    }

    // Both ends and what is between them with room to spare. The unit, or the species, stands with the highest.
    private static (double Value, string Text)[] Labels(ColorRange range, int most, double leastShare)
    {
        var leastDistance = Math.Max(leastShare, Tolerance) * (range.High - range.Low);
        var inner = range.Ticks(Math.Max(2, most)).Where(value => value - range.Low > leastDistance && range.High - value > leastDistance);
        return
        [
            (range.Low, range.LowText),
            .. inner.Select(value => (value, range.Quantity.Format(value))),
            (range.High, $"{(range.Quantity.Species is { } species ? $"{species} = " : "")}{range.HighText}{range.Quantity.Suffix}"),
        ];
    }
}
