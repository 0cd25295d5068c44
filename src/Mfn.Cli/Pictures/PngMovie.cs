using System.Buffers.Binary;
using Mfn.Server.Pictures;

namespace Mfn.Cli.Pictures;

/// <summary>Writes pictures of one size into an animated PNG, one after the other. How many they are is known at the end, and written where it belongs then.</summary>
/// <remarks>The format: https://www.w3.org/TR/png-3/#apng-frame-based-animation</remarks>
internal sealed class PngMovie
{
    private const int ControlLength = 8;
    private const int FrameControlLength = 26;

    private readonly Stream _file;
    private readonly int _framesPerSecond;
    private readonly long _controlPosition;
    private int _sequence;

    /// <param name="file">Takes the file, and can be sought in.</param>
    /// <param name="rowCount">Rows of pixels.</param>
    /// <param name="columnCount">Pixels in a row.</param>
    /// <param name="framesPerSecond">How fast it is shown: 1 to 100.</param>
    public PngMovie(Stream file, int rowCount, int columnCount, int framesPerSecond)
    {
        (_file, RowCount, ColumnCount, _framesPerSecond) = (file, rowCount, columnCount, framesPerSecond);
        PngFile.WriteHead(file, rowCount, columnCount);
        _controlPosition = file.Position;
        WriteControl();
    }

    public int RowCount { get; }

    public int ColumnCount { get; }

    public int FrameCount { get; private set; }

    /// <summary>Adds a frame.</summary>
    /// <exception cref="ArgumentException">It has another size than the movie.</exception>
    public void Add(Picture picture)
    {
        if ((picture.RowCount, picture.ColumnCount) != (RowCount, ColumnCount))
        {
            throw new ArgumentException($"A frame of {RowCount} x {ColumnCount} pixels was expected, but has {picture.RowCount} x {picture.ColumnCount}.", nameof(picture));
        }

        var control = new byte[FrameControlLength];
        BinaryPrimitives.WriteInt32BigEndian(control, _sequence++);
        BinaryPrimitives.WriteInt32BigEndian(control.AsSpan(4), ColumnCount);
        BinaryPrimitives.WriteInt32BigEndian(control.AsSpan(8), RowCount);
        BinaryPrimitives.WriteUInt16BigEndian(control.AsSpan(20), 1);
        BinaryPrimitives.WriteUInt16BigEndian(control.AsSpan(22), (ushort)_framesPerSecond);
        PngFile.WriteChunk(_file, "fcTL", control);
        var pixels = PngFile.Compress(picture);
        if (FrameCount == 0)
        {
            // The first frame is what is seen where movies are not.
            PngFile.WriteChunk(_file, "IDAT", pixels);
        }
        else
        {
            var numbered = new byte[sizeof(int) + pixels.Length];
            BinaryPrimitives.WriteInt32BigEndian(numbered, _sequence++);
            pixels.CopyTo(numbered.AsSpan(sizeof(int)));
            PngFile.WriteChunk(_file, "fdAT", numbered);
        }

        FrameCount++;
    }

    /// <summary>No more frames come: writes the texts, and how many frames there are.</summary>
    public void Complete(IEnumerable<(string Keyword, string Text)> texts)
    {
        PngFile.WriteTexts(_file, texts);
        PngFile.WriteChunk(_file, "IEND", []);
        _file.Position = _controlPosition;
        WriteControl();
    }

    // It plays without end.
    private void WriteControl()
    {
        var control = new byte[ControlLength];
        BinaryPrimitives.WriteInt32BigEndian(control, FrameCount);
        PngFile.WriteChunk(_file, "acTL", control);
    }
}
