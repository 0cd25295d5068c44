namespace Mfn.Core.Features;

/// <summary>
/// Finds the clusters, that is the connected components, of the set cells of masks of one shape. Buffers are allocated once; not thread-safe.
/// </summary>
/// <remarks>
/// Two passes over the cells with a forest of equivalent labels (A. Rosenfeld and J. L. Pfaltz, 1966). A root is always the first cell of its
/// cluster in raster order, which is also the order of the sizes.
/// </remarks>
public sealed class ClusterFinder
{
    private const int Unset = -1;

    private readonly int _rowCount;
    private readonly int _columnCount;
    private readonly Connectivity _connectivity;

    // In the first pass a cell's parent in the forest, in the second the index of its cluster.
    private readonly int[] _labels;
    private readonly int[] _sizes;

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
        _labels = new int[checked(rowCount * columnCount)];
        _sizes = new int[_labels.Length];
    }

    /// <summary>The cells of each cluster, in raster order of the clusters' first cells: a view that the next call changes.</summary>
    /// <param name="mask">The cells, row after row.</param>
    /// <exception cref="ArgumentException">The mask has another number of cells.</exception>
    public ReadOnlySpan<int> FindSizes(ReadOnlySpan<bool> mask)
    {
        if (mask.Length != _labels.Length)
        {
            throw new ArgumentException(
                $"A {_rowCount} x {_columnCount} mask needs {_labels.Length} cells, but got {mask.Length}.", nameof(mask));
        }

        Join(mask);
        return CountCells();
    }

    /// <summary>Joins every set cell with its set neighbours that come before it.</summary>
    private void Join(ReadOnlySpan<bool> mask)
    {
        var isDiagonal = _connectivity == Connectivity.Eight;
        for (var row = 0; row < _rowCount; row++)
        {
            for (var column = 0; column < _columnCount; column++)
            {
                var cell = (row * _columnCount) + column;
                _labels[cell] = mask[cell] ? cell : Unset;
                if (!mask[cell])
                {
                    continue;
                }

                var hasLeft = column > 0;
                if (hasLeft)
                {
                    JoinIfSet(cell, cell - 1);
                }

                if (row == 0)
                {
                    continue;
                }

                var above = cell - _columnCount;
                JoinIfSet(cell, above);
                if (isDiagonal && hasLeft)
                {
                    JoinIfSet(cell, above - 1);
                }

                if (isDiagonal && column < _columnCount - 1)
                {
                    JoinIfSet(cell, above + 1);
                }
            }
        }
    }

    private void JoinIfSet(int cell, int neighbour)
    {
        if (_labels[neighbour] == Unset)
        {
            return;
        }

        var first = FindRoot(cell);
        var second = FindRoot(neighbour);
        _labels[Math.Max(first, second)] = Math.Min(first, second);
    }

    /// <summary>Halves the path on the way (R. E. Tarjan and J. van Leeuwen, 1984).</summary>
    private int FindRoot(int cell)
    {
        while (_labels[cell] != cell)
        {
            _labels[cell] = _labels[_labels[cell]];
            cell = _labels[cell];
        }

        return cell;
    }

    /// <summary>A parent comes before its cell, so when a cell's turn comes its parent already holds the index of the cluster.</summary>
    private ReadOnlySpan<int> CountCells()
    {
        var clusterCount = 0;
        for (var cell = 0; cell < _labels.Length; cell++)
        {
            var parent = _labels[cell];
            if (parent == Unset)
            {
                continue;
            }

            if (parent == cell)
            {
                _labels[cell] = clusterCount;
                _sizes[clusterCount++] = 1;
            }
            else
            {
                _labels[cell] = _labels[parent];
                _sizes[_labels[cell]]++;
            }
        }

        return _sizes.AsSpan(0, clusterCount);
    }
}
