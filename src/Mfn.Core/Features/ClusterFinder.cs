using System.Numerics;
using Mfn.Core.Fields;

namespace Mfn.Core.Features;

/// <summary>
/// Finds the clusters, that is the connected components, of the set cells of masks of one shape. Buffers are allocated once; not thread-safe.
/// </summary>
/// <remarks>
/// Two passes with a forest of equivalent labels (A. Rosenfeld and J. L. Pfaltz, 1966), whose nodes are not the cells but the runs of a row. A
/// root is always the first run of its cluster in raster order, which is also the order of the sizes. Words of 64 cells say which runs touch,
/// so that work grows with the runs and the words, not with the cells.
/// </remarks>
public sealed class ClusterFinder
{
    private const int CellsPerWord = 64;

    private readonly int _rowCount;
    private readonly int _columnCount;
    private readonly Connectivity _connectivity;
    private readonly int _wordsPerRow;

    // In the first pass a run's parent in the forest, in the second the index of its cluster.
    private readonly int[] _labels;

    // In the first pass the runs' lengths, in the second the clusters' sizes: there are no more clusters than runs so far.
    private readonly int[] _sizes;

    private RunRow _row;
    private RunRow _above;

    /// <summary>A finder for masks of the given shape.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no row or no column, or the connectivity is unknown.</exception>
    public ClusterFinder(int rowCount, int columnCount, Connectivity connectivity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rowCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columnCount, 1);
        if (!Enum.IsDefined(connectivity))
        {
            throw new ArgumentOutOfRangeException(nameof(connectivity), connectivity, "The connectivity must be 4 or 8.");
        }

        _rowCount = rowCount;
        _columnCount = columnCount;
        _connectivity = connectivity;
        _wordsPerRow = (columnCount + CellsPerWord - 1) / CellsPerWord;
        _labels = new int[checked(rowCount * ((columnCount / 2) + (columnCount % 2)))];
        _sizes = new int[_labels.Length];
        _row = new RunRow(_wordsPerRow);
        _above = new RunRow(_wordsPerRow);
    }

    /// <summary>The cells of each cluster, in raster order of the clusters' first cells: a view that the next call changes.</summary>
    /// <param name="mask">The cells, row after row.</param>
    /// <exception cref="ArgumentException">The mask has another number of cells.</exception>
    public ReadOnlySpan<int> FindSizes(ReadOnlySpan<bool> mask)
    {
        if (mask.Length != (long)_rowCount * _columnCount)
        {
            throw new ArgumentException(
                $"A {_rowCount} x {_columnCount} mask needs {(long)_rowCount * _columnCount} cells, but got {mask.Length}.", nameof(mask));
        }

        return FindSizes(CellMask.Of(mask, _rowCount, _columnCount));
    }

    /// <summary>The same of a mask of this finder's shape.</summary>
    internal ReadOnlySpan<int> FindSizes(CellMask mask)
    {
        var runCount = 0;
        _above.Clear();
        for (var row = 0; row < _rowCount; row++)
        {
            var firstRun = runCount;
            runCount = ReadRow(mask, row, firstRun);
            MeasureRuns(firstRun);
            JoinRows();
            (_row, _above) = (_above, _row);
        }

        return AddRuns(runCount);
    }

    /// <summary>The number of clusters of a mask of this finder's shape.</summary>
    internal int Count(CellMask mask)
    {
        var runCount = 0;
        var joinedCount = 0;
        _above.Clear();
        for (var row = 0; row < _rowCount; row++)
        {
            runCount = ReadRow(mask, row, runCount);
            joinedCount += JoinRows();
            (_row, _above) = (_above, _row);
        }

        return runCount - joinedCount;
    }

    /// <summary>Makes each run of the row a cluster of its own.</summary>
    private int ReadRow(CellMask mask, int row, int firstRun)
    {
        var runCount = _row.Read(mask, row, firstRun);
        for (var run = firstRun; run < runCount; run++)
        {
            _labels[run] = run;
        }

        return runCount;
    }

    private void MeasureRuns(int firstRun)
    {
        var (started, ended) = (firstRun, firstRun);
        for (var index = 0; index < _wordsPerRow; index++)
        {
            var column = index * CellsPerWord;
            for (var starts = _row.Starts(index); starts != 0; starts &= starts - 1)
            {
                _sizes[started++] = -(column + BitOperations.TrailingZeroCount(starts));
            }

            for (var ends = _row.Ends(index); ends != 0; ends &= ends - 1)
            {
                _sizes[ended++] += column + BitOperations.TrailingZeroCount(ends) + 1;
            }
        }
    }

    /// <summary>Joins every run of the row with those that it touches in the row above. Returns how many clusters vanish by that.</summary>
    private int JoinRows()
    {
        var joinedCount = 0;
        var bothBefore = 0UL;
        for (var index = 0; index < _wordsPerRow; index++)
        {
            // Two runs touch in one piece, whose first cell speaks for all.
            var both = _row.Cells(index) & _above.Cells(index);
            var starts = both & ~((both << 1) | (bothBefore >> (CellsPerWord - 1)));
            bothBefore = both;
            for (; starts != 0; starts &= starts - 1)
            {
                var bit = BitOperations.TrailingZeroCount(starts);
                joinedCount += Join(_row.RunAt(index, bit), _above.RunAt(index, bit));
            }

            if (_connectivity == Connectivity.Eight)
            {
                joinedCount += JoinCorners(index);
            }
        }

        return joinedCount;
    }

    /// <summary>Joins the runs that touch at a corner only: one starts or ends where the other, in the row above, ends or starts.</summary>
    private int JoinCorners(int index)
    {
        var joinedCount = 0;
        var above = _above.Cells(index);
        var leftAbove = (above << 1) | (_above.Cells(index - 1) >> (CellsPerWord - 1));
        for (var starts = _row.Starts(index) & leftAbove & ~above; starts != 0; starts &= starts - 1)
        {
            var bit = BitOperations.TrailingZeroCount(starts);
            joinedCount += Join(_row.RunAt(index, bit), bit > 0 ? _above.RunAt(index, bit - 1) : _above.RunAt(index - 1, CellsPerWord - 1));
        }

        var rightAbove = (above >> 1) | (_above.Cells(index + 1) << (CellsPerWord - 1));
        for (var ends = _row.Ends(index) & rightAbove & ~above; ends != 0; ends &= ends - 1)
        {
            var bit = BitOperations.TrailingZeroCount(ends);
            joinedCount += Join(_row.RunAt(index, bit), bit < CellsPerWord - 1 ? _above.RunAt(index, bit + 1) : _above.RunAt(index + 1, 0));
        }

        return joinedCount;
    }

    /// <summary>Returns 1 if the two runs were in different clusters, otherwise 0.</summary>
    private int Join(int run, int other)
    {
        var first = FindRoot(run);
        var second = FindRoot(other);
        _labels[Math.Max(first, second)] = Math.Min(first, second);
        return first == second ? 0 : 1;
    }

    /// <summary>Halves the path on the way (R. E. Tarjan and J. van Leeuwen, 1984).</summary>
    private int FindRoot(int run)
    {
        while (_labels[run] != run)
        {
            _labels[run] = _labels[_labels[run]];
            run = _labels[run];
        }

        return run;
    }

    /// <summary>A parent comes before its run, so when a run's turn comes its parent already holds the index of the cluster.</summary>
    private ReadOnlySpan<int> AddRuns(int runCount)
    {
        var clusterCount = 0;
        for (var run = 0; run < runCount; run++)
        {
            var (parent, length) = (_labels[run], _sizes[run]);
            if (parent == run)
            {
                _labels[run] = clusterCount;
                _sizes[clusterCount++] = length;
            }
            else
            {
                _labels[run] = _labels[parent];
                _sizes[_labels[run]] += length;
            }
        }

        return _sizes.AsSpan(0, clusterCount);
    }
}
