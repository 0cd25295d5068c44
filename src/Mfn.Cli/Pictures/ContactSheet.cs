using Mfn.Cli.Frames;
using Mfn.Server.Pictures;

namespace Mfn.Cli.Pictures;

/// <summary>Draws many fields into one picture, in rows from left to right, each with a title of up to two lines and its range below.</summary>
internal static class ContactSheet
{
    private const int Gap = 8;
    private const int LineHeight = PixelFont.GlyphHeight + 3;
    private const int LineCount = 3;

    /// <summary>Draws them.</summary>
    /// <param name="tiles">The fields, each in its own range, and their titles. They may differ in shape; each is shown in a square of so many pixels, cut at the rim.</param>
    /// <param name="columnCount">How many fields stand beside each other.</param>
    /// <param name="side">Pixels along a side of a field's square.</param>
    /// <exception cref="ArgumentException">There are no fields.</exception>
    public static Picture Draw(IReadOnlyList<(FieldFrame Frame, ColorRange Range, string Title)> tiles, int columnCount, int side)
    {
        if (tiles.Count == 0)
        {
            throw new ArgumentException("A contact sheet needs fields.", nameof(tiles));
        }

        var lineCount = (tiles.Count + columnCount - 1) / columnCount;
        var tileHeight = side + (LineCount * LineHeight) + Gap;
        var picture = new Picture(Gap + (lineCount * tileHeight), Gap + (Math.Min(columnCount, tiles.Count) * (side + Gap)));
        foreach (var (index, (frame, range, title)) in tiles.Index())
        {
            var (row, column) = (Gap + (index / columnCount * tileHeight), Gap + (index % columnCount * (side + Gap)));
            DrawField(picture, frame, range, row, column, side);
            foreach (var (line, text) in title.Split('\n').Take(LineCount - 1).Append(range.Text).Index())
            {
                Write(picture, text, row + side + 3 + (line * LineHeight), column, side);
            }
        }

        return picture;
    }

    private static void DrawField(Picture picture, FieldFrame frame, ColorRange range, int row, int column, int side)
    {
        // Whole pixels a cell where there is room, so that no cell is wider than another.
        var cells = frame.Values.Span;
        var extent = Math.Max(frame.RowCount, frame.ColumnCount);
        var scale = Math.Max(1, side / extent);
        var skip = Math.Max(1, (extent + side - 1) / side);
        var (height, width) = (Math.Min(side, frame.RowCount / skip * scale), Math.Min(side, frame.ColumnCount / skip * scale));
        for (var y = 0; y < height; y++)
        {
            var line = picture.Row(row + ((side - height) / 2) + y);
            for (var x = 0; x < width; x++)
            {
                line[column + ((side - width) / 2) + x] = Picture.PixelOf(cells[(y / scale * skip * frame.ColumnCount) + (x / scale * skip)], range.Low, range.High);
            }
        }
    }

    private static void Write(Picture picture, string text, int row, int column, int side)
    {
        var length = text.Length;
        while (length > 0 && PixelFont.WidthOf(text[..length], 1) > side)
        {
            length--;
        }

        PixelFont.Write(picture, text[..length], row, column, 1);
    }
}
