using System.IO.Compression;
using System.Numerics;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Mfn.Contracts.V1;

namespace Mfn.Client.Runs;

/// <summary>Makes a field of the previous one and of the differences between them.</summary>
internal static class DeltaDecoder
{
    /// <summary>The field of a delta whose base is the given field.</summary>
    /// <exception cref="InvalidDataException">The fields differ in shape or encoding, or the differences are not one for each cell.</exception>
    public static Field Apply(Field origin, Delta delta)
    {
        if (delta.Field is not { } field)
        {
            throw new InvalidDataException("The delta has no field.");
        }

        if ((field.Rows, field.Columns, field.Encoding) != (origin.Rows, origin.Columns, origin.Encoding))
        {
            throw new InvalidDataException(
                $"The delta is of a {field.Rows} x {field.Columns} field of encoding {field.Encoding}, but its base is {origin.Rows} x {origin.Columns} of {origin.Encoding}.");
        }

        var planes = Inflate(delta.CompressedDifferences, origin.Values.Length);
        var values = new byte[planes.Length];
        var basis = origin.Values.Span;
        switch (origin.CellSize())
        {
            case sizeof(byte):
                Add<byte>(basis, planes, values);
                break;
            case sizeof(ushort):
                Add<ushort>(basis, planes, values);
                break;
            case sizeof(uint):
                Add<uint>(basis, planes, values);
                break;
            default:
                Add<ulong>(basis, planes, values);
                break;
        }

        var result = field.Clone();
        result.Values = UnsafeByteOperations.UnsafeWrap(values);
        return result;
    }

    private static void Add<T>(ReadOnlySpan<byte> basis, ReadOnlySpan<byte> planes, Span<byte> destination)
        where T : unmanaged, IBinaryInteger<T>, IUnsignedNumber<T>
    {
        var size = Marshal.SizeOf<T>();
        var count = basis.Length / size;
        for (var i = 0; i < count; i++)
        {
            var folded = T.Zero;
            for (var plane = 0; plane < size; plane++)
            {
                folded |= T.CreateTruncating(planes[(plane * count) + i]) << (8 * plane);
            }

            // Unsigned numbers wrap, as the contract's differences do.
            var difference = (folded >>> 1) ^ (T.Zero - (folded & T.One));
            var cell = T.ReadLittleEndian(basis.Slice(i * size, size), isUnsigned: true) + difference;
            cell.WriteLittleEndian(destination[(i * size)..]);
        }
    }

    // Never more than the cells need, however much the stream holds.
    private static byte[] Inflate(ByteString compressed, int length)
    {
        using var source = new MemoryStream(compressed.ToByteArray());
        using var stream = new ZLibStream(source, CompressionMode.Decompress);
        var bytes = new byte[length];
        int count;
        try
        {
            count = stream.ReadAtLeast(bytes, length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"The differences are no zlib stream: {error.Message}", error);
        }

        return count == length && stream.ReadByte() < 0
            ? bytes
            : throw new InvalidDataException($"The delta needs {length} bytes of differences, but has {(count < length ? $"{count}" : "more")}.");
    }
}
