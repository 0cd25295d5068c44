using System.Buffers;
using System.Numerics;
using Mfn.Client.Npy;
using Mfn.Client.Safetensors;

namespace Mfn.Client.Arrays;

/// <summary>Reads an array of numbers from a file of another tool, as much at a time as the caller wants.</summary>
public abstract class ArrayReader : IDisposable
{
    /// <summary>The most elements that are converted at a time.</summary>
    internal const int PieceLength = 8192;

    private long _position;

    /// <summary>The extents of the array, slowest first. An array of no extents has one cell.</summary>
    public abstract IReadOnlyList<int> Shape { get; }

    /// <summary>Whether the values need double precision; if not, single precision holds each exactly.</summary>
    public abstract bool IsDouble { get; }

    /// <summary>How many cells the array has: at most 2^32.</summary>
    public abstract long Count { get; }

    /// <summary>Opens a file by what it contains: an NPY file, an .npz archive, or safetensors.</summary>
    /// <param name="path">The file; <c>-</c> for standard input; <c>file:name</c> for a member of an archive or one of several tensors.</param>
    /// <param name="castIntegers">Whether integers and booleans are taken as numbers; otherwise they are refused.</param>
    /// <exception cref="InvalidDataException">The file cannot be used; the message names it and says why.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ArrayReader Open(string path, bool castIntegers = false)
    {
        var file = ArrayFile.Open(path);
        try
        {
            return SafetensorsReader.IsHeader(file.Prefix) ? SafetensorsReader.Open(file) : NpyReader.Open(file, castIntegers);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads the next values of an array in single precision, in C order.</summary>
    /// <exception cref="InvalidOperationException">The array is in double precision.</exception>
    /// <exception cref="EndOfStreamException">The array has fewer values left.</exception>
    /// <exception cref="InvalidDataException">A pipe or an archive ended early, goes on after the array, or is damaged.</exception>
    public void Read(Span<float> destination)
    {
        if (IsDouble)
        {
            throw new InvalidOperationException("Single precision cannot hold the array's values.");
        }

        ReadElements(_position, destination);
        _position += destination.Length;
    }

    /// <summary>Reads the next values in C order; narrower values are widened exactly.</summary>
    /// <exception cref="EndOfStreamException">The array has fewer values left.</exception>
    /// <exception cref="InvalidDataException">A pipe or an archive ended early, goes on after the array, or is damaged.</exception>
    public void Read(Span<double> destination)
    {
        ReadElements(_position, destination);
        _position += destination.Length;
    }

    /// <summary>
    /// Reads values from a place in C order on, whatever has been read before; several threads may. Those in double precision are rounded to
    /// single. The first time, an array that is not a file of its own is read into memory.
    /// </summary>
    /// <exception cref="EndOfStreamException">The array has fewer values from there on.</exception>
    /// <exception cref="InvalidDataException">A pipe or an archive ended early, goes on after the array, or is damaged.</exception>
    public void ReadAt(long index, Span<float> destination)
    {
        EnsureRandomAccess();
        ReadElements(index, destination);
    }

    /// <summary>The value at a place in C order; several threads may read.</summary>
    /// <exception cref="EndOfStreamException">The array has no such place.</exception>
    /// <exception cref="InvalidDataException">A pipe or an archive ended early, goes on after the array, or is damaged.</exception>
    public double ReadAt(long index)
    {
        EnsureRandomAccess();
        Span<double> value = stackalloc double[1];
        ReadElements(index, value);
        return value[0];
    }

    public abstract void Dispose();

    /// <summary>Makes any place readable.</summary>
    private protected abstract void EnsureRandomAccess();

    /// <summary>Reads elements from a place in C order on.</summary>
    private protected abstract void ReadElements<T>(long index, Span<T> destination)
        where T : unmanaged, INumberBase<T>;

    /// <summary>Reads elements that lie one after the other.</summary>
    private protected static void ReadConsecutive<T>(ArrayBytes source, ElementType type, long offset, Span<T> destination)
        where T : unmanaged, INumberBase<T>
    {
        if (type.IsLike<T>())
        {
            // A span of bytes has at most 2^31 - 1.
            for (var start = 0; start < destination.Length; start += 1 << 20)
            {
                var bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(destination[start..Math.Min(destination.Length, start + (1 << 20))]);
                source.Read(offset + ((long)start * type.Size), bytes);
                type.ToHostOrder(bytes);
            }

            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(PieceLength * type.Size);
        for (var start = 0; start < destination.Length; start += PieceLength)
        {
            var piece = destination[start..Math.Min(destination.Length, start + PieceLength)];
            var bytes = buffer.AsSpan(0, piece.Length * type.Size);
            source.Read(offset + ((long)start * type.Size), bytes);
            type.Decode(bytes, piece);
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }
}
