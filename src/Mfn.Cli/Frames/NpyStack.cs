using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Mfn.Client.Files;
using Mfn.Client.Npy;

namespace Mfn.Cli.Frames;

/// <summary>
/// Writes frames of one shape to one NPY file of doubles, volts or concentrations, (frames, rows, columns). How many there are is known at the end; then the file
/// takes the place of the one that was there.
/// </summary>
internal sealed class NpyStack(string path) : IFrameOutput
{
    private PendingFile? _file;
    private int _count;
    private (int Rows, int Columns) _shape;

    /// <exception cref="IOException">The file cannot be written, or the frame has another shape than the first.</exception>
    public void Write(FieldFrame frame)
    {
        var shape = (frame.RowCount, frame.ColumnCount);
        if (_file is null)
        {
            _shape = shape;
            _file = new PendingFile(path);

            // In its place for now: it will be as long.
            FileReplacement.Attempt(path, () => _file.Stream.Write(Header()));
        }
        else if (shape != _shape)
        {
            throw new IOException(
                $"'{path}' cannot hold the frame of step {frame.Step}: it has {frame.RowCount} x {frame.ColumnCount} cells, but those before have {_shape.Rows} x {_shape.Columns}.");
        }

        FileReplacement.Attempt(path, () => WriteCells(_file.Stream, frame.Values.Span));
        _count++;
    }

    public string? Complete()
    {
        if (_file is null)
        {
            return null;
        }

        FileReplacement.Attempt(path, () =>
        {
            _file.Stream.Position = 0;
            _file.Stream.Write(Header());
            _file.Complete();
        });
        return $"wrote {path}, {_count} x {_shape.Rows} x {_shape.Columns} doubles";
    }

    public void Dispose() => _file?.Dispose();

    private static void WriteCells(Stream stream, ReadOnlySpan<double> cells)
    {
        if (BitConverter.IsLittleEndian)
        {
            stream.Write(MemoryMarshal.AsBytes(cells));
            return;
        }

        Span<byte> number = stackalloc byte[sizeof(double)];
        foreach (var cell in cells)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(number, cell);
            stream.Write(number);
        }
    }

    private byte[] Header() => NpyFile.Header(sizeof(double), _count, _shape.Rows, _shape.Columns);
}
