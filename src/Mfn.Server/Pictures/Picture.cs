namespace Mfn.Server.Pictures;

/// <summary>A picture of a field: a byte a pixel, which is a colour of <see cref="ColorMap"/> or one of the two to write with.</summary>
public sealed class Picture
{
    /// <summary>Colours for values; the two levels that are left of a byte are <see cref="Ink"/> and <see cref="Paper"/>.</summary>
    public const int LevelCount = 254;

    /// <summary>Black.</summary>
    public const byte Ink = 254;

    /// <summary>White.</summary>
    public const byte Paper = 255;

    private readonly byte[] _pixels;

    /// <summary>A white picture.</summary>
    public Picture(int rowCount, int columnCount)
    {
        (RowCount, ColumnCount) = (rowCount, columnCount);
        _pixels = new byte[rowCount * columnCount];
        _pixels.AsSpan().Fill(Paper);
    }

    /// <summary>Pixels from top to bottom.</summary>
    public int RowCount { get; }

    /// <summary>Pixels from left to right.</summary>
    public int ColumnCount { get; }

    /// <summary>A row's pixels.</summary>
    public Span<byte> Row(int row) => _pixels.AsSpan(row * ColumnCount, ColumnCount);

    /// <summary>The colour of a pixel's byte.</summary>
    public static (byte Red, byte Green, byte Blue) ColorOf(byte pixel) => pixel switch
    {
        Ink => (0, 0, 0),
        Paper => (255, 255, 255),
        _ => ColorMap.Of((byte)Math.Round(pixel * (ColorMap.Count - 1.0) / (LevelCount - 1))),
    };

    /// <summary>The pixel of a value.</summary>
    /// <param name="value">Beyond the range it gets the range's ends.</param>
    /// <param name="low">The value of the darkest colour.</param>
    /// <param name="high">The value of the lightest; if it is not above, all are the darkest.</param>
    public static byte PixelOf(double value, double low, double high) =>
        high > low ? (byte)Math.Round(Math.Clamp((value - low) / (high - low), 0, 1) * (LevelCount - 1)) : (byte)0;

    /// <summary>Fills a rectangle.</summary>
    public void Fill(int row, int column, int rowCount, int columnCount, byte pixel)
    {
        for (var i = row; i < row + rowCount; i++)
        {
            Row(i).Slice(column, columnCount).Fill(pixel);
        }
    }
}
