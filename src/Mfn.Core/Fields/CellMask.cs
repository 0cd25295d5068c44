using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Mfn.Core.Fields;

/// <summary>A set of a field's cells, one bit each, in row-major order.</summary>
internal sealed class CellMask
{
    private const int CellsPerByte = 8;
    private const int CellsPerWord = 64;

    // As many bytes more as a word may reach beyond the last cell.
    private const int Padding = sizeof(ulong) + 1;

    private readonly byte[] _bits;

    /// <summary>An empty set; the field has at least one row and one column.</summary>
    public CellMask(int rowCount, int columnCount)
    {
        RowCount = rowCount;
        ColumnCount = columnCount;
        CellCount = checked(rowCount * columnCount);
        _bits = new byte[(CellCount / CellsPerByte) + Padding];
    }

    public int RowCount { get; }

    public int ColumnCount { get; }

    /// <summary>The field's cells, set or not.</summary>
    public int CellCount { get; }

    /// <summary>The words that <see cref="Word"/> gives for a row.</summary>
    public int WordsPerRow => (ColumnCount + CellsPerWord - 1) / CellsPerWord;

    /// <summary>Cell i is bit i % 8, from the least significant one, of byte i / 8. The bits beyond the last cell must stay 0.</summary>
    public Span<byte> Bits => _bits.AsSpan(0, (CellCount + CellsPerByte - 1) / CellsPerByte);

    /// <summary>The number of set cells.</summary>
    public int SetCount
    {
        get
        {
            var count = 0;
            foreach (var word in MemoryMarshal.Cast<byte, ulong>(Bits))
            {
                count += BitOperations.PopCount(word);
            }

            foreach (var bits in Bits[(Bits.Length & -sizeof(ulong))..])
            {
                count += BitOperations.PopCount(bits);
            }

            return count;
        }
    }

    /// <summary>The cells that are true.</summary>
    public static CellMask Of(ReadOnlySpan<bool> cells, int rowCount, int columnCount)
    {
        var mask = new CellMask(rowCount, columnCount);
        var bits = mask.Bits;
        for (var i = 0; i < cells.Length; i++)
        {
            bits[i / CellsPerByte] |= (byte)(cells[i] ? 1 << (i % CellsPerByte) : 0);
        }

        return mask;
    }

    /// <summary>The cells that exceed a threshold; NaN exceeds none.</summary>
    public static CellMask Above(double threshold, ReadOnlySpan<double> cells, int rowCount, int columnCount)
    {
        var mask = new CellMask(rowCount, columnCount);
        var bits = mask.Bits;
        var octets = MemoryMarshal.Cast<double, Vector512<double>>(cells);
        for (var i = 0; i < octets.Length; i++)
        {
            bits[i] = Above(Vector512.Create(threshold), octets[i]);
        }

        if (octets.Length < bits.Length)
        {
            bits[^1] = Above(threshold, cells[(octets.Length * CellsPerByte)..]);
        }

        return mask;
    }

    /// <summary>The bits of eight cells that exceed a threshold.</summary>
    public static byte Above(Vector512<double> threshold, Vector512<double> cells) =>
        (byte)Vector512.GreaterThan(cells, threshold).ExtractMostSignificantBits();

    /// <summary>The bits of at most eight cells that exceed a threshold.</summary>
    public static byte Above(double threshold, ReadOnlySpan<double> cells)
    {
        var bits = 0;
        for (var i = 0; i < cells.Length; i++)
        {
            bits |= cells[i] > threshold ? 1 << i : 0;
        }

        return (byte)bits;
    }

    /// <summary>The cells of a row from column 64 · <paramref name="index"/> on, the first one lowest; bits beyond the row are 0.</summary>
    public ulong Word(int row, int index)
    {
        var firstColumn = index * CellsPerWord;
        var first = (row * ColumnCount) + firstColumn;
        var bytes = _bits.AsSpan(first / CellsPerByte, Padding);

        // Two shifts, because one by 64 would be one by 0.
        var shift = first % CellsPerByte;
        var word = (BinaryPrimitives.ReadUInt64LittleEndian(bytes) >> shift) | ((ulong)bytes[sizeof(ulong)] << 1 << (CellsPerWord - 1 - shift));
        var columnCount = ColumnCount - firstColumn;
        return columnCount < CellsPerWord ? word & ((1UL << columnCount) - 1) : word;
    }
}
