using System.Numerics;
using Mfn.Core.Fields;

namespace Mfn.Core.Fractals;

/// <summary>Counts the boxes of a mask that contain a set cell, one row of boxes after the other, 64 columns a word.</summary>
internal sealed class BoxRow(CellMask mask)
{
    private const int ColumnsPerWord = 64;

    private readonly ulong[] _columns = new ulong[mask.WordsPerRow];
    private readonly ulong[] _narrow = new ulong[mask.WordsPerRow];
    private readonly ulong[] _wide = new ulong[mask.WordsPerRow];

    /// <summary>The boxes of a mesh that contain a set cell.</summary>
    public int CountOccupied(BoxMesh mesh)
    {
        var hasWide = MarkFirstColumns(mesh.Columns);
        var width = mesh.Columns.LeastWidth;
        var count = 0;
        for (var box = 0; box < mesh.Rows.Count; box++)
        {
            GatherRows(mesh.Rows.Start(box), mesh.Rows.Start(box + 1));
            GatherColumns(1, width);
            count += CountMarked(_narrow);
            if (hasWide)
            {
                GatherColumns(width, width + 1);
                count += CountMarked(_wide);
            }
        }

        return count;
    }

    /// <summary>Sets the bit of every box's first column; returns whether there are boxes wider than the narrowest.</summary>
    private bool MarkFirstColumns(BoxEdges columns)
    {
        _narrow.AsSpan().Clear();
        _wide.AsSpan().Clear();
        var hasWide = false;
        for (var box = 0; box < columns.Count; box++)
        {
            var left = columns.Start(box);
            var isWide = columns.Start(box + 1) - left > columns.LeastWidth;
            hasWide |= isWide;
            (isWide ? _wide : _narrow)[left / ColumnsPerWord] |= 1UL << (left % ColumnsPerWord);
        }

        return hasWide;
    }

    private int CountMarked(ulong[] marks)
    {
        var count = 0;
        for (var i = 0; i < _columns.Length; i++)
        {
            count += BitOperations.PopCount(_columns[i] & marks[i]);
        }

        return count;
    }

    /// <summary>Sets the bit of every column in which one of the rows has a set cell.</summary>
    private void GatherRows(int top, int end)
    {
        for (var i = 0; i < _columns.Length; i++)
        {
            var columns = 0UL;
            for (var row = top; row < end; row++)
            {
                columns |= mask.Word(row, i);
            }

            _columns[i] = columns;
        }
    }

    /// <summary>
    /// From the bits of the columns that have a set one among so many from them on, makes those for a greater number: as many twice as far with
    /// each turn.
    /// </summary>
    private void GatherColumns(int reach, int width)
    {
        while (reach < width)
        {
            var distance = Math.Min(reach, width - reach);
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
