using System.Numerics;
using Mfn.Core.Fields;

namespace Mfn.Core.Fractals;

/// <summary>Counts the boxes of a mask that contain a set cell, one row of boxes after the other, 64 columns a word.</summary>
internal sealed class BoxRow(CellMask mask)
{
    private const int ColumnsPerWord = 64;

    private readonly ulong[] _columns = new ulong[mask.WordsPerRow];
    private readonly ulong[] _firstColumns = new ulong[mask.WordsPerRow];

    /// <summary>Only whole boxes count; what is left over at the bottom and at the right is ignored.</summary>
    public int CountOccupied(int size)
    {
        MarkFirstColumns(size);
        var count = 0;
        for (var top = 0; top <= mask.RowCount - size; top += size)
        {
            GatherRows(top, size);
            GatherColumns(size);
            for (var i = 0; i < _columns.Length; i++)
            {
                count += BitOperations.PopCount(_columns[i] & _firstColumns[i]);
            }
        }

        return count;
    }

    /// <summary>Sets the bit of every box's first column.</summary>
    private void MarkFirstColumns(int size)
    {
        _firstColumns.AsSpan().Clear();
        for (var left = 0; left <= mask.ColumnCount - size; left += size)
        {
            _firstColumns[left / ColumnsPerWord] |= 1UL << (left % ColumnsPerWord);
        }
    }

    /// <summary>Sets the bit of every column in which one of the rows has a set cell.</summary>
    private void GatherRows(int top, int size)
    {
        for (var i = 0; i < _columns.Length; i++)
        {
            var columns = 0UL;
            for (var row = top; row < top + size; row++)
            {
                columns |= mask.Word(row, i);
            }

            _columns[i] = columns;
        }
    }

    /// <summary>Sets the bit of every column whose bit, or one of the size - 1 after it, was set: as many twice as far with each turn.</summary>
    private void GatherColumns(int size)
    {
        for (var reach = 1; reach < size;)
        {
            var distance = Math.Min(reach, size - reach);
            var (wordDistance, shift) = (distance / ColumnsPerWord, distance % ColumnsPerWord);
            for (var i = 0; i < _columns.Length; i++)
            {
                // Two shifts, because one by 64 would be one by 0.
                _columns[i] |= (Columns(i + wordDistance) >> shift) | (Columns(i + wordDistance + 1) << 1 << (ColumnsPerWord - 1 - shift));
            }

            reach += distance;
        }
    }

    private ulong Columns(int index) => index < _columns.Length ? _columns[index] : 0;
}
