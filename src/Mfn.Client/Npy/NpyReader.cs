using System.Buffers;
using System.IO.Compression;
using System.Numerics;
using Mfn.Client.Arrays;

namespace Mfn.Client.Npy;

/// <summary>Reads an array from a file in numpy's NPY format, or from a member of an .npz archive, as much at a time as the caller wants.</summary>
/// <remarks>The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html</remarks>
public sealed class NpyReader : ArrayReader
{
    private const string MemberSuffix = ".npy";

    private readonly ArrayFile _file;
    private readonly NpyHeader _header;
    private readonly ArrayBytes _bytes;

    // Elements between neighbours along each axis, of an array in Fortran order.
    private readonly long[]? _strides;

    private NpyReader(ArrayFile file, NpyHeader header, ArrayBytes bytes)
    {
        (_file, _header, _bytes) = (file, header, bytes);

        // With at most one axis of several cells both orders are the same.
        if (header.IsFortranOrder && header.Shape.Count(extent => extent > 1) > 1)
        {
            _strides = new long[header.Shape.Count];
            var stride = 1L;
            for (var axis = 0; axis < _strides.Length; axis++)
            {
                _strides[axis] = stride;
                stride *= header.Shape[axis];
            }
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Shape => _header.Shape;

    /// <inheritdoc/>
    public override bool IsDouble => _header.Type.IsDouble;

    /// <inheritdoc/>
    public override long Count => _header.CellCount;

    /// <summary>Opens a file of floating-point numbers of 16, 32 or 64 bits, in either byte order and either order of the cells.</summary>
    /// <param name="path">
    /// The file; <c>-</c> for standard input. Of an .npz archive the only member, or <c>file.npz:member</c>, whose ending <c>.npy</c> may be left out.
    /// </param>
    /// <param name="castIntegers">Whether integers and booleans are taken as numbers, those of 64 bits rounded to nearest; otherwise they are refused.</param>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    /// <exception cref="InvalidDataException">The file is not such a file; the message says why.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static new NpyReader Open(string path, bool castIntegers = false)
    {
        var file = ArrayFile.Open(path);
        try
        {
            return Open(file, castIntegers);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => _file.Dispose();

    /// <summary>Takes over a file.</summary>
    internal static NpyReader Open(ArrayFile file, bool castIntegers)
    {
        if (file.Prefix.StartsWith("PK"u8))
        {
            return OpenMember(file, castIntegers);
        }

        var header = NpyHeader.Read(file, file.Prefix, file.Stream, castIntegers);
        if (file.Member is not null)
        {
            throw file.Refuse("it is a single array and has no members.");
        }

        return new NpyReader(file, header, new ArrayBytes(file, file.Stream, header.CellCount * header.Type.Size));
    }

    private protected override void EnsureRandomAccess() => _bytes.EnsureRandomAccess();

    private protected override void ReadElements<T>(long index, Span<T> destination)
    {
        if (index < 0 || destination.Length > Count - index)
        {
            throw new EndOfStreamException($"The array has {Count} cells, too few for {destination.Length} from {index} on.");
        }

        if (_strides is null)
        {
            ReadConsecutive(_bytes, _header.Type, index * _header.Type.Size, destination);
        }
        else
        {
            // One element here, one there: that is for memory.
            _bytes.Hold();
            ReadStrided(index, destination, _strides);
        }
    }

    private void ReadStrided<T>(long index, Span<T> destination, long[] strides)
        where T : unmanaged, INumberBase<T>
    {
        var size = _header.Type.Size;
        var position = new int[strides.Length];
        var element = 0L;
        for (var axis = strides.Length - 1; axis >= 0; axis--)
        {
            (index, position[axis]) = ((index / Shape[axis]), (int)(index % Shape[axis]));
            element += position[axis] * strides[axis];
        }

        var buffer = ArrayPool<byte>.Shared.Rent(PieceLength * size);
        for (var start = 0; start < destination.Length; start += PieceLength)
        {
            var piece = destination[start..Math.Min(destination.Length, start + PieceLength)];
            var bytes = buffer.AsSpan(0, piece.Length * size);
            for (var i = 0; i < piece.Length; i++)
            {
                _bytes.Read(element * size, bytes.Slice(i * size, size));

                // The next cell in C order: one further along the last axis, or around it.
                for (var axis = strides.Length - 1; axis >= 0; axis--)
                {
                    element += strides[axis];
                    if (++position[axis] < Shape[axis])
                    {
                        break;
                    }

                    element -= position[axis] * strides[axis];
                    position[axis] = 0;
                }
            }

            _header.Type.Decode(bytes, piece);
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }

    private static NpyReader OpenMember(ArrayFile file, bool castIntegers)
    {
        if (!file.Stream.CanSeek)
        {
            throw file.Refuse("an .npz archive has its table at its end, so that it cannot be read from a pipe. Save it to a file.");
        }

        try
        {
            file.Stream.Position = 0;
            var archive = file.Own(new ZipArchive(file.Stream, ZipArchiveMode.Read, leaveOpen: true));
            var entry = FindMember(file, archive);
            var stream = file.Own(new MemberStream(file, entry));
            Span<byte> prefix = stackalloc byte[sizeof(ulong)];
            prefix = prefix[..stream.ReadAtLeast(prefix, prefix.Length, throwOnEndOfStream: false)];
            var header = NpyHeader.Read(file, prefix, stream, castIntegers);
            var length = header.CellCount * header.Type.Size;
            file.RequireLength(length, entry.Length - header.Length);
            return new NpyReader(file, header, new ArrayBytes(file, stream, length));
        }
        catch (InvalidDataException error) when (!error.Message.StartsWith(file.Name, StringComparison.Ordinal))
        {
            throw file.Refuse($"as an .npz archive it is damaged: {error.Message}", error);
        }
    }

    private static ZipArchiveEntry FindMember(ArrayFile file, ZipArchive archive)
    {
        var arrays = archive.Entries.Where(entry => entry.FullName.EndsWith(MemberSuffix, StringComparison.Ordinal)).ToList();
        var names = arrays.Count == 0 ? "none" : string.Join(", ", arrays.Take(20).Select(NameOf)) + (arrays.Count > 20 ? ", …" : "");
        if (file.Member is null)
        {
            return arrays.Count == 1
                ? arrays[0]
                : throw file.Refuse($"it must hold one array, or the path must name one as in file.npz:name, but it holds {arrays.Count}: {names}.");
        }

        var found = arrays.Where(entry => entry.FullName == file.Member || NameOf(entry) == file.Member).ToList();
        return found.Count == 1
            ? found[0]
            : throw file.Refuse(found.Count == 0 ? $"it has no array '{file.Member}'. It has: {names}." : $"it has {found.Count} arrays '{file.Member}'.");
    }

    private static string NameOf(ZipArchiveEntry entry) => entry.FullName[..^MemberSuffix.Length];
}
