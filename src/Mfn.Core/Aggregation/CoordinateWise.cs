using System.Numerics;

namespace Mfn.Core.Aggregation;

/// <summary>
/// What is computed for every component on its own. Sums are in double and from the smallest value to the largest, so that a component
/// depends only on the values at its place: neither on threads nor on vector widths.
/// </summary>
internal static class CoordinateWise
{
    private const int TileLength = 32 * SortingNetwork.Width;

    // A row more than the tile's, or all rows would be at the same place of the nearest cache.
    private const int TileStride = TileLength + SortingNetwork.Width;

    /// <summary>The median; of an even number the mean of the two in the middle, or the lower one of them.</summary>
    public static float[] Median(UpdateSet updates, bool takesLower = false, int threadCount = 1)
    {
        var lower = (updates.Count - 1) / 2;
        var upper = takesLower ? lower : updates.Count / 2;
        return MeanOfSorted(updates, lower, upper + 1, threadCount);
    }

    /// <summary>The mean without so many of the smallest and of the largest.</summary>
    public static float[] TrimmedMean(UpdateSet updates, int trimmedCount, int threadCount = 1) =>
        MeanOfSorted(updates, trimmedCount, updates.Count - trimmedCount, threadCount);

    /// <summary>The mean of so many values that are nearest to the median; of values equally near, those of the first updates.</summary>
    public static float[] MeanAroundMedian(UpdateSet updates, int nearestCount, int threadCount = 1)
    {
        var count = updates.Count;
        return ForColumns(updates, 0, count, threadCount, (buffers, start, destination) =>
        {
            var sorted = buffers.Wide;
            Widening.Copy(buffers.Columns, sorted);
            for (var column = 0; column < SortingNetwork.Width; column += Vector<double>.Count)
            {
                if (!TrySumAroundMedian(sorted, count, nearestCount, column, destination[column..]))
                {
                    for (var i = column; i < column + Vector<double>.Count; i++)
                    {
                        destination[i] = SumAroundMedian(buffers.Tile.AsSpan(start), sorted, count, nearestCount, i);
                    }
                }
            }

            Divide(destination, nearestCount);
        });
    }

    private static float[] MeanOfSorted(UpdateSet updates, int start, int end, int threadCount) =>
        ForColumns(updates, start, end, threadCount, (buffers, _, destination) =>
        {
            for (var column = 0; column < SortingNetwork.Width; column += Vector<float>.Count)
            {
                var (sum0, sum1) = (Vector<double>.Zero, Vector<double>.Zero);
                for (var row = start; row < end; row++)
                {
                    Vector.Widen(new Vector<float>(buffers.Columns.AsSpan((row * SortingNetwork.Width) + column)), out var lower, out var upper);
                    sum0 += lower;
                    sum1 += upper;
                }

                sum0.CopyTo(destination[column..]);
                sum1.CopyTo(destination[(column + Vector<double>.Count)..]);
            }

            Divide(destination, end - start);
        });

    private static void Divide(Span<double> sums, int count)
    {
        for (var i = 0; i < sums.Length; i++)
        {
            sums[i] /= count;
        }
    }

    /// <summary>
    /// The sums of the values nearest to the medians, for a vector of columns; false if the order of the updates decides in one of them.
    /// </summary>
    private static bool TrySumAroundMedian(ReadOnlySpan<double> sorted, int count, int nearestCount, int column, Span<double> destination)
    {
        // The nearest are neighbours when sorted: the window that has them is moved past each value that is farther than the one it gains.
        var median = (Row(sorted, (count - 1) / 2, column) + Row(sorted, count / 2, column)) / new Vector<double>(2);
        var start = Vector<long>.Zero;
        var ties = Vector<long>.Zero;
        for (var row = 0; row < count - nearestCount; row++)
        {
            var (lost, gained) = (Row(sorted, row, column), Row(sorted, row + nearestCount, column));
            var (lostDistance, gainedDistance) = (Vector.Abs(lost - median), Vector.Abs(gained - median));
            start -= Vector.GreaterThan(lostDistance, gainedDistance);
            ties |= Vector.AndNot(Vector.Equals(lostDistance, gainedDistance), Vector.Equals(lost, gained));
        }

        if (ties != Vector<long>.Zero)
        {
            return false;
        }

        // From the smallest on: what may be before the window, what is in all windows, what may be behind it.
        var end = start + new Vector<long>(nearestCount);
        var sum = Vector<double>.Zero;
        for (var row = 0; row < count; row++)
        {
            var value = Row(sorted, row, column);
            if (row < count - nearestCount)
            {
                value = Vector.ConditionalSelect(Vector.GreaterThanOrEqual(new Vector<long>(row), start), value, Vector<double>.Zero);
            }

            if (row >= nearestCount)
            {
                value = Vector.ConditionalSelect(Vector.LessThan(new Vector<long>(row), end), value, Vector<double>.Zero);
            }

            sum += value;
        }

        sum.CopyTo(destination);
        return true;
    }

    /// <summary>The same for one column, whatever the values.</summary>
    private static double SumAroundMedian(
        ReadOnlySpan<float> unsorted, ReadOnlySpan<double> sorted, int count, int nearestCount, int column)
    {
        var median = (At(sorted, (count - 1) / 2) + At(sorted, count / 2)) / 2;
        var (start, end) = (0, nearestCount);
        while (end < count && Math.Abs(At(sorted, start) - median) > Math.Abs(At(sorted, end) - median))
        {
            start++;
            end++;
        }

        // Only what lies at the very edge is chosen by the order of the updates.
        var edge = Math.Max(Math.Abs(At(sorted, start) - median), Math.Abs(At(sorted, end - 1) - median));
        var atEdge = nearestCount;
        for (var row = start; row < end; row++)
        {
            atEdge -= Math.Abs(At(sorted, row) - median) < edge ? 1 : 0;
        }

        var lowCount = 0;
        for (var update = 0; update < count && atEdge > 0; update++)
        {
            var difference = unsorted[(update * TileStride) + column] - median;
            if (Math.Abs(difference) == edge)
            {
                atEdge--;
                lowCount += difference < 0 ? 1 : 0;
            }
        }

        var sum = 0.0;
        var first = 0;
        while (first < count && median - At(sorted, first) > edge)
        {
            first++;
        }

        // So many of the low ones at the edge are left out as the window has to begin later.
        var lowAtEdge = 0;
        while (edge > 0 && first + lowAtEdge < count && median - At(sorted, first + lowAtEdge) == edge)
        {
            lowAtEdge++;
        }

        start = first + lowAtEdge - lowCount;
        for (var row = start; row < start + nearestCount; row++)
        {
            sum += At(sorted, row);
        }

        return sum;

        double At(ReadOnlySpan<double> values, int row) => values[(row * SortingNetwork.Width) + column];
    }

    private static Vector<double> Row(ReadOnlySpan<double> rows, int row, int column) =>
        new(rows[((row * SortingNetwork.Width) + column)..]);

    /// <summary>The result of a function of every component, given the updates' values of several components, sorted.</summary>
    private static float[] ForColumns(UpdateSet updates, int firstRow, int lastRow, int threadCount, ColumnsFunction function)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threadCount);
        var vector = new float[updates.Length];
        var network = new SortingNetwork(updates.Count, firstRow, lastRow);
        var tileCount = (vector.Length + TileLength - 1) / TileLength;
        if (threadCount == 1)
        {
            var buffers = new Buffers(updates.Count);
            for (var tile = 0; tile < tileCount; tile++)
            {
                Work(tile, buffers);
            }
        }
        else
        {
            Parallel.For(
                0,
                tileCount,
                new ParallelOptions { MaxDegreeOfParallelism = threadCount },
                () => new Buffers(updates.Count),
                (tile, _, buffers) =>
                {
                    Work(tile, buffers);
                    return buffers;
                },
                _ => { });
        }

        return vector;

        void Work(int index, Buffers buffers)
        {
            Span<double> results = stackalloc double[SortingNetwork.Width];
            var destination = vector.AsSpan(index * TileLength, Math.Min(TileLength, vector.Length - (index * TileLength)));
            for (var update = 0; update < updates.Count; update++)
            {
                updates.Read(update, index * TileLength, buffers.Tile.AsSpan(update * TileStride, destination.Length));
            }

            for (var start = 0; start < destination.Length; start += SortingNetwork.Width)
            {
                for (var update = 0; update < updates.Count; update++)
                {
                    CopyWithoutNegativeZeros(
                        buffers.Tile.AsSpan((update * TileStride) + start, SortingNetwork.Width),
                        buffers.Columns.AsSpan(update * SortingNetwork.Width, SortingNetwork.Width));
                }

                network.Sort(buffers.Columns);
                function(buffers, start, results);
                for (var column = 0; column < Math.Min(SortingNetwork.Width, destination.Length - start); column++)
                {
                    destination[start + column] = (float)results[column];
                }
            }
        }
    }

    private static void CopyWithoutNegativeZeros(ReadOnlySpan<float> source, Span<float> destination)
    {
        for (var i = 0; i < SortingNetwork.Width; i += Vector<float>.Count)
        {
            (new Vector<float>(source[i..]) + Vector<float>.Zero).CopyTo(destination[i..]);
        }
    }

    /// <summary>What a thread works in. A tile has a stretch of every update, long enough to be read at the memory's speed.</summary>
    private sealed class Buffers(int count)
    {
        public float[] Tile { get; } = new float[count * TileStride];

        /// <summary>Rows of the values at a few components, which are sorted.</summary>
        public float[] Columns { get; } = new float[count * SortingNetwork.Width];

        public double[] Wide { get; } = new double[count * SortingNetwork.Width];
    }

    /// <summary>The results for several components of a tile, from the given one on; their values are sorted.</summary>
    private delegate void ColumnsFunction(Buffers buffers, int start, Span<double> destination);
}
