using System.Numerics;
using Mfn.Core.Fields;

namespace Mfn.Core.Features;

/// <summary>One row of a mask and its runs: set cells without a gap, numbered from left to right and on from row to row.</summary>
internal sealed class RunRow(int wordCount)
{
    private const int LastBit = 63;

    private readonly ulong[] _cells = new ulong[wordCount];
    private readonly ulong[] _starts = new ulong[wordCount];

    // The number of the first run that starts in a word, or in one after it.
    private readonly int[] _firstRuns = new int[wordCount];

    /// <summary>64 cells; none beyond either end of the row.</summary>
    public ulong Cells(int index) => (uint)index < (uint)_cells.Length ? _cells[index] : 0;

    /// <summary>Those of 64 cells that start a run.</summary>
    public ulong Starts(int index) => _starts[index];

    /// <summary>Those of 64 cells that end a run.</summary>
    public ulong Ends(int index) => _cells[index] & ~((_cells[index] >> 1) | (Cells(index + 1) << LastBit));

    /// <summary>The run of a set cell.</summary>
    public int RunAt(int index, int bit) =>
        _firstRuns[index] + BitOperations.PopCount(_starts[index] & (ulong.MaxValue >> (LastBit - bit))) - 1;

    /// <summary>Makes this a row without cells.</summary>
    public void Clear() => _cells.AsSpan().Clear();

    /// <summary>Makes this a row of a mask, whose first run has the given number, and returns the number after its last.</summary>
    public int Read(CellMask mask, int row, int firstRun)
    {
        var before = 0UL;
        for (var index = 0; index < _cells.Length; index++)
        {
            var cells = mask.Word(row, index);
            var starts = cells & ~((cells << 1) | (before >> LastBit));
            before = cells;
            _cells[index] = cells;
            _starts[index] = starts;
            _firstRuns[index] = firstRun;
            firstRun += BitOperations.PopCount(starts);
        }

        return firstRun;
    }
}
