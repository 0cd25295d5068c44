using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Mfn.Client.Npy;

/// <summary>Reads an array of floating-point numbers from a file in numpy's NPY format, as much at a time as the caller wants.</summary>
/// <remarks>The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html</remarks>
public sealed partial class NpyReader : IDisposable
{
    private const int PrefixLength = 8;
    private const int LongestHeader = 1 << 16;
    private const int PieceLength = 512;

    private readonly FileStream _file;
    private readonly long _dataStart;
    private readonly int _elementSize;

    private NpyReader(FileStream file, int elementSize, IReadOnlyList<int> shape)
    {
        _file = file;
        _dataStart = file.Position;
        _elementSize = elementSize;
        Shape = shape;
    }

    /// <summary>The extents of the array, slowest first.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>Opens a file of little-endian float32 or float64 in C order.</summary>
    /// <exception cref="InvalidDataException">The file is not such a file; the message says why.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static NpyReader Open(string path)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read);
        try
        {
            var (elementSize, shape) = ReadHeader(file);
            var expectedLength = shape.Aggregate((long)elementSize, (length, extent) => checked(length * extent));
            var length = file.Length - file.Position;
            if (length != expectedLength)
            {
                throw new InvalidDataException($"the shape ({string.Join(", ", shape)}) needs {expectedLength} bytes of data, but there are {length}.");
            }

            return new NpyReader(file, elementSize, shape);
        }
        catch (Exception error)
        {
            file.Dispose();
            if (error is InvalidDataException or EndOfStreamException or OverflowException)
            {
                throw new InvalidDataException($"'{path}' cannot be used: {error.Message}", error);
            }

            throw;
        }
    }

    /// <summary>Whether the values are in double precision; if not, they are in single precision.</summary>
    public bool IsDouble => _elementSize == sizeof(double);

    /// <summary>Reads the next values of an array in single precision, in C order.</summary>
    /// <exception cref="InvalidOperationException">The array is in double precision.</exception>
    /// <exception cref="EndOfStreamException">The array has fewer values left.</exception>
    public void Read(Span<float> destination)
    {
        if (IsDouble)
        {
            throw new InvalidOperationException("Single precision cannot hold the array's values.");
        }

        var bytes = new byte[destination.Length * sizeof(float)];
        _file.ReadExactly(bytes);
        for (var i = 0; i < destination.Length; i++)
        {
            destination[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(i * sizeof(float)));
        }
    }

    /// <summary>Reads the next values in C order; single-precision values are widened exactly.</summary>
    /// <exception cref="EndOfStreamException">The array has fewer values left.</exception>
    public void Read(Span<double> destination)
    {
        var bytes = new byte[destination.Length * _elementSize];
        _file.ReadExactly(bytes);
        for (var i = 0; i < destination.Length; i++)
        {
            destination[i] = _elementSize == sizeof(double)
                ? BinaryPrimitives.ReadDoubleLittleEndian(bytes.AsSpan(i * sizeof(double)))
                : BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(i * sizeof(float)));
        }
    }

    /// <summary>
    /// Reads values from a place in C order on, whatever has been read before; several threads may. Those in double precision are rounded to
    /// single.
    /// </summary>
    /// <exception cref="EndOfStreamException">The array has fewer values from there on.</exception>
    public void ReadAt(long index, Span<float> destination)
    {
        if (!IsDouble)
        {
            ReadBytesAt(index, MemoryMarshal.AsBytes(destination));
            if (!BitConverter.IsLittleEndian)
            {
                var bits = MemoryMarshal.Cast<float, int>(destination);
                BinaryPrimitives.ReverseEndianness(bits, bits);
            }

            return;
        }

        Span<byte> bytes = stackalloc byte[Math.Min(PieceLength, destination.Length) * sizeof(double)];
        for (var start = 0; start < destination.Length; start += PieceLength)
        {
            var piece = destination.Slice(start, Math.Min(PieceLength, destination.Length - start));
            ReadBytesAt(index + start, bytes[..(piece.Length * sizeof(double))]);
            for (var i = 0; i < piece.Length; i++)
            {
                piece[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes[(i * sizeof(double))..]);
            }
        }
    }

    /// <summary>The value at a place in C order; several threads may read.</summary>
    /// <exception cref="EndOfStreamException">The array has no such place.</exception>
    public double ReadAt(long index)
    {
        Span<byte> bytes = stackalloc byte[_elementSize];
        ReadBytesAt(index, bytes);
        return IsDouble ? BinaryPrimitives.ReadDoubleLittleEndian(bytes) : BinaryPrimitives.ReadSingleLittleEndian(bytes);
    }

    public void Dispose() => _file.Dispose();

    private void ReadBytesAt(long index, Span<byte> destination)
    {
        for (var offset = _dataStart + (index * _elementSize); !destination.IsEmpty;)
        {
            var length = RandomAccess.Read(_file.SafeFileHandle, destination, offset);
            if (length == 0)
            {
                throw new EndOfStreamException($"'{_file.Name}' has become shorter while it was read.");
            }

            offset += length;
            destination = destination[length..];
        }
    }

    private static (int ElementSize, int[] Shape) ReadHeader(FileStream file)
    {
        Span<byte> prefix = stackalloc byte[PrefixLength];
        if (file.ReadAtLeast(prefix, PrefixLength, throwOnEndOfStream: false) < PrefixLength || !IsMagic(prefix))
        {
            throw new InvalidDataException("it is not an NPY file.");
        }

        Span<byte> lengthBytes = stackalloc byte[prefix[6] == 1 ? sizeof(ushort) : sizeof(uint)];
        file.ReadExactly(lengthBytes);
        var length = lengthBytes.Length == sizeof(ushort)
            ? BinaryPrimitives.ReadUInt16LittleEndian(lengthBytes)
            : BinaryPrimitives.ReadUInt32LittleEndian(lengthBytes);
        if (length > LongestHeader)
        {
            throw new InvalidDataException($"its header of {length} bytes is longer than {LongestHeader}.");
        }

        var header = new byte[length];
        file.ReadExactly(header);
        return ParseHeader(Encoding.UTF8.GetString(header));
    }

    private static bool IsMagic(ReadOnlySpan<byte> prefix) => prefix[0] == 0x93 && prefix[1..6].SequenceEqual("NUMPY"u8) && prefix[6] is >= 1 and <= 3;

    private static (int ElementSize, int[] Shape) ParseHeader(string header)
    {
        var type = TypePattern().Match(header).Groups[1].Value;
        var elementSize = type switch
        {
            "<f8" => sizeof(double),
            "<f4" => sizeof(float),
            _ => throw new InvalidDataException($"its element type must be little-endian float32 ('<f4') or float64 ('<f8'), but is '{type}'."),
        };
        if (OrderPattern().Match(header).Groups[1].Value != "False")
        {
            throw new InvalidDataException("it must be in C order, but is in Fortran order.");
        }

        var extents = ShapePattern().Match(header).Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return (elementSize, [.. extents.Select(extent => int.TryParse(extent, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new InvalidDataException($"its shape has the extent '{extent}'."))]);
    }

    [GeneratedRegex("'descr': *'([^']*)'")]
    private static partial Regex TypePattern();

    [GeneratedRegex("'fortran_order': *(True|False)")]
    private static partial Regex OrderPattern();

    [GeneratedRegex(@"'shape': *\(([^)]*)\)")]
    private static partial Regex ShapePattern();
}
