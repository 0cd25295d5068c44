using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Mfn.Client.Files;

namespace Mfn.Cli.Frames;

/// <summary>
/// Writes frames of one shape to one NPY file of doubles in volts, (frames, rows, columns). How many there are is known at the end; then the file
/// takes the place of the one that was there.
/// </summary>
/// <remarks>The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html</remarks>
internal sealed class NpyStack(string path) : IFrameOutput
{
    // Room for any three extents, and a multiple of 64 as numpy aligns it.
    private const int HeaderLength = 128;

    private PendingFile? _file;
    private int _count;
    private (int Rows, int Columns) _shape;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0];

    /// <exception cref="IOException">The file cannot be written, or the frame has another shape than the first.</exception>
    public void Write(FieldFrame frame)
    {
        var shape = (frame.RowCount, frame.ColumnCount);
        if (_file is null)
        {
            _shape = shape;
            _file = new PendingFile(path);
            _file.Stream.Write(new byte[HeaderLength]);
        }
        else if (shape != _shape)
        {
            throw new IOException(
                $"'{path}' cannot hold the frame of step {frame.Step}: it has {frame.RowCount} x {frame.ColumnCount} cells, but those before have {_shape.Rows} x {_shape.Columns}.");
        }

        if (BitConverter.IsLittleEndian)
        {
            _file.Stream.Write(MemoryMarshal.AsBytes(frame.Volts.Span));
        }
        else
        {
            Span<byte> number = stackalloc byte[sizeof(double)];
            foreach (var volts in frame.Volts.Span)
            {
                BinaryPrimitives.WriteDoubleLittleEndian(number, volts);
                _file.Stream.Write(number);
            }
        }

        _count++;
    }

    public string? Complete()
    {
        if (_file is null)
        {
            return null;
        }

        _file.Stream.Position = 0;
        _file.Stream.Write(Header());
        _file.Complete();
        return $"wrote {path}, {_count} x {_shape.Rows} x {_shape.Columns} doubles";
    }

    public void Dispose() => _file?.Dispose();

    private byte[] Header()
    {
        var description = string.Create(
            CultureInfo.InvariantCulture, $"{{'descr': '<f8', 'fortran_order': False, 'shape': ({_count}, {_shape.Rows}, {_shape.Columns}), }}");
        var prefixLength = Magic.Length + sizeof(ushort);
        var header = new byte[HeaderLength];
        header.AsSpan().Fill((byte)' ');
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(Magic.Length), (ushort)(HeaderLength - prefixLength));
        Encoding.ASCII.GetBytes(description, header.AsSpan(prefixLength));
        header[^1] = (byte)'\n';
        return header;
    }
}
