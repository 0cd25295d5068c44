using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Mfn.Server.Frames;

/// <summary>The differences of a frame's cells from those of another as the contract has them: small ones first folded, then in planes of bytes.</summary>
internal static class CellDifferences
{
    private const int BitsPerByte = 8;

    // Planes a power of two apart compete for the same places of the cache, so that each is written for a while before the next.
    private const int RunLength = 256;

    /// <summary>
    /// Folds each difference modulo 2^w, w being the cell's bits, so that small ones of either sign become small numbers, and writes the lowest
    /// bytes of all, then all second bytes, and so on.
    /// </summary>
    /// <param name="cells">The frame's cells, little-endian.</param>
    /// <param name="baseCells">As many cells of the frame that it builds on.</param>
    /// <param name="cellSize">The bytes of a cell: 1, 2, 4 or 8.</param>
    /// <param name="planes">Room for as many bytes.</param>
    public static void Fold(ReadOnlySpan<byte> cells, ReadOnlySpan<byte> baseCells, int cellSize, Span<byte> planes)
    {
        if (cells.Length != baseCells.Length || cells.Length != planes.Length || cells.Length % cellSize != 0)
        {
            throw new ArgumentException(
                $"{cells.Length} bytes in cells of {cellSize} cannot be told by their differences from {baseCells.Length} bytes in {planes.Length}.");
        }

        switch (cellSize)
        {
            case sizeof(byte):
                Fold<byte>(cells, baseCells, planes);
                break;
            case sizeof(ushort):
                Fold<ushort>(cells, baseCells, planes);
                break;
            case sizeof(uint):
                Fold<uint>(cells, baseCells, planes);
                break;
            case sizeof(ulong):
                Fold<ulong>(cells, baseCells, planes);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(cellSize), cellSize, "Must be 1, 2, 4 or 8.");
        }
    }

    private static void Fold<T>(ReadOnlySpan<byte> cellBytes, ReadOnlySpan<byte> baseBytes, Span<byte> planes)
        where T : unmanaged, IBinaryInteger<T>, IUnsignedNumber<T>
    {
        var cells = MemoryMarshal.Cast<byte, T>(cellBytes);
        var baseCells = MemoryMarshal.Cast<byte, T>(baseBytes);
        Span<T> folded = stackalloc T[RunLength];
        for (var start = 0; start < cells.Length; start += RunLength)
        {
            var run = folded[..Math.Min(RunLength, cells.Length - start)];
            Fold(cells.Slice(start, run.Length), baseCells.Slice(start, run.Length), run);
            for (var plane = 0; plane < Unsafe.SizeOf<T>(); plane++)
            {
                var bytes = planes.Slice((plane * cells.Length) + start, run.Length);
                for (var i = 0; i < bytes.Length; i++)
                {
                    bytes[i] = byte.CreateTruncating(run[i] >>> (plane * BitsPerByte));
                }
            }
        }
    }

    private static void Fold<T>(ReadOnlySpan<T> cells, ReadOnlySpan<T> baseCells, Span<T> folded)
        where T : unmanaged, IBinaryInteger<T>, IUnsignedNumber<T>
    {
        for (var i = 0; i < folded.Length; i++)
        {
            var difference = cells[i] - baseCells[i];
            var sign = T.Zero - (difference >>> ((Unsafe.SizeOf<T>() * BitsPerByte) - 1));
            folded[i] = (difference << 1) ^ sign;
        }
    }
}
