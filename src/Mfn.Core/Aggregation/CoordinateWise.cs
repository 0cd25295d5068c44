using System.Numerics;
using System.Runtime.InteropServices;

namespace Mfn.Core.Aggregation;

/// <summary>
/// What is computed for every component on its own. Sums are in double and from the smallest value to the largest, so that a component
/// depends only on the values at its place: neither on threads nor on vector widths.
/// </summary>
internal static class CoordinateWise
{
    private const int TileLength = 16 * SortingNetwork.Width;

    // A row more than the tile's, or all rows would be at the same place of the nearest cache.
    private const int TileStride = TileLength + SortingNetwork.Width;

    /// <summary>The median; of an even number the mean of the two in the middle, or the lower one of them.</summary>
    public static float[] Median(UpdateSet updates, bool takesLower = false, int threadCount = 1, CancellationToken cancellationToken = default)
    {
        var lower = (updates.Count - 1) / 2;
        var upper = takesLower ? lower : updates.Count / 2;
        return MeanOfSorted(updates, lower, upper + 1, threadCount, cancellationToken);
    }

    /// <summary>The mean without so many of the smallest and of the largest.</summary>
    public static float[] TrimmedMean(UpdateSet updates, int trimmedCount, int threadCount, CancellationToken cancellationToken) =>
        MeanOfSorted(updates, trimmedCount, updates.Count - trimmedCount, threadCount, cancellationToken);

    /// <summary>The mean of so many values that are nearest to the median; of values equally near, those of the first updates.</summary>
    public static float[] MeanAroundMedian(UpdateSet updates, int nearestCount, int threadCount, CancellationToken cancellationToken)
    {
        var count = updates.Count;
        return ForColumns(updates, 0, count, nearestCount, threadCount, (buffers, start, destination) =>
        {
            for (var column = 0; column < SortingNetwork.Width; column += Vector<float>.Count)
            {
                if (!TrySumAroundMedian(buffers.Sorted, count, nearestCount, column, destination[column..]))
                {
                    for (var i = column; i < column + Vector<float>.Count; i++)
                    {
                        destination[i] = SumAroundMedian(buffers.Tile.AsSpan(start), buffers.Sorted, count, nearestCount, i);
                    }
                }
            }
        }, cancellationToken);
    }

    private static float[] MeanOfSorted(UpdateSet updates, int start, int end, int threadCount, CancellationToken cancellationToken) =>
        ForColumns(updates, start, end, end - start, threadCount, (buffers, _, destination) =>
        {
            // Two vectors of columns at a time, as every sum waits for the one before.
            for (var column = 0; column < SortingNetwork.Width; column += 2 * Vector<float>.Count)
            {
                var (sum0, sum1, sum2, sum3) = (Vector<double>.Zero, Vector<double>.Zero, Vector<double>.Zero, Vector<double>.Zero);
                for (var row = start; row < end; row++)
                {
                    var place = (row * SortingNetwork.Width) + column;
                    Vector.Widen(new Vector<float>(buffers.Sorted[place..]), out var lower, out var upper);
                    sum0 += lower;
                    sum1 += upper;
                    Vector.Widen(new Vector<float>(buffers.Sorted[(place + Vector<float>.Count)..]), out lower, out upper);
                    sum2 += lower;
                    sum3 += upper;
                }

                sum0.CopyTo(destination[column..]);
                sum1.CopyTo(destination[(column + Vector<double>.Count)..]);
                sum2.CopyTo(destination[(column + (2 * Vector<double>.Count))..]);
                sum3.CopyTo(destination[(column + (3 * Vector<double>.Count))..]);
            }
        }, cancellationToken);

    /// <summary>
    /// The sums of the values nearest to the medians, for a vector of columns; false if the order of the updates decides in one of them.
    /// </summary>
    private static bool TrySumAroundMedian(ReadOnlySpan<float> sorted, int count, int nearestCount, int column, Span<double> destination)
    {
        // The nearest are neighbours when sorted: the window that has them is moved past each value that is farther than the one it gains.
        // Where both are on the same side of the median, one of the differences is negative, and so smaller.
        var (lower0, lower1) = Row(sorted, (count - 1) / 2, column);
        var (upper0, upper1) = Row(sorted, count / 2, column);
        var (median0, median1) = ((lower0 + upper0) / new Vector<double>(2), (lower1 + upper1) / new Vector<double>(2));
        var (start0, start1, ties) = (Vector<long>.Zero, Vector<long>.Zero, Vector<long>.Zero);
        for (var row = 0; row < count - nearestCount; row++)
        {
            var (lost0, lost1) = Row(sorted, row, column);
            var (gained0, gained1) = Row(sorted, row + nearestCount, column);
            Move(lost0, gained0, median0, ref start0, ref ties);
            Move(lost1, gained1, median1, ref start1, ref ties);
        }

        if (ties != Vector<long>.Zero)
        {
            return false;
        }

        // From the smallest on: what may be before the window, what is in all windows, what may be behind it.
        var (end0, end1) = (start0 + new Vector<long>(nearestCount), start1 + new Vector<long>(nearestCount));
        var (sum0, sum1) = (Vector<double>.Zero, Vector<double>.Zero);
        for (var row = 0; row < count; row++)
        {
            var (value0, value1) = Row(sorted, row, column);
            if (row < count - nearestCount)
            {
                value0 = Where(Vector.GreaterThanOrEqual(new Vector<long>(row), start0), value0);
                value1 = Where(Vector.GreaterThanOrEqual(new Vector<long>(row), start1), value1);
            }

            if (row >= nearestCount)
            {
                value0 = Where(Vector.LessThan(new Vector<long>(row), end0), value0);
                value1 = Where(Vector.LessThan(new Vector<long>(row), end1), value1);
            }

            sum0 += value0;
            sum1 += value1;
        }

        sum0.CopyTo(destination);
        sum1.CopyTo(destination[Vector<double>.Count..]);
        return true;

        static Vector<double> Where(Vector<long> isIn, Vector<double> value) => (isIn & value.As<double, long>()).As<long, double>();

        static void Move(Vector<double> lost, Vector<double> gained, Vector<double> median, ref Vector<long> start, ref Vector<long> ties)
        {
            var (lostDistance, gainedDistance) = (median - lost, gained - median);
            start -= Vector.GreaterThan(lostDistance, gainedDistance);
            ties |= Vector.AndNot(Vector.Equals(lostDistance, gainedDistance), Vector.Equals(lost, gained));
        }
    }

    /// <summary>The same for one column, whatever the values.</summary>
    private static double SumAroundMedian(
        ReadOnlySpan<float> unsorted, ReadOnlySpan<float> sorted, int count, int nearestCount, int column)
    {
        var median = (At(sorted, (count - 1) / 2) + At(sorted, count / 2)) / 2;
        var (start, end) = (0, nearestCount);
        while (end < count && median - At(sorted, start) > At(sorted, end) - median)
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

        double At(ReadOnlySpan<float> values, int row) => values[(row * SortingNetwork.Width) + column];
    }

    private static (Vector<double> Lower, Vector<double> Upper) Row(ReadOnlySpan<float> sorted, int row, int column)
    {
        Vector.Widen(new Vector<float>(sorted[((row * SortingNetwork.Width) + column)..]), out var lower, out var upper);
        return (lower, upper);
    }

    /// <summary>The means of so many values of every component, given a function of the updates' values of several components, sorted.</summary>
    private static float[] ForColumns(
        UpdateSet updates,
        int firstRow,
        int lastRow,
        int valueCount,
        int threadCount,
        ColumnsFunction addValues,
        CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threadCount);
        var vector = new float[updates.Length];
        var network = new SortingNetwork(updates.Count, firstRow, lastRow);
        var tileCount = (vector.Length + TileLength - 1) / TileLength;
        if (threadCount == 1)
        {
            var buffers = new Buffers(updates.Count, network);
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
                new ParallelOptions { MaxDegreeOfParallelism = threadCount, CancellationToken = cancellationToken },
                () => new Buffers(updates.Count, network),
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
            Span<double> sums = stackalloc double[SortingNetwork.Width];
            Span<float> means = stackalloc float[SortingNetwork.Width];
            var destination = vector.AsSpan(index * TileLength, Math.Min(TileLength, vector.Length - (index * TileLength)));
            for (var update = 0; update < updates.Count; update++)
            {
                updates.Read(update, index * TileLength, buffers.Tile.AsSpan(update * TileStride, destination.Length));
            }

            for (var start = 0; start < destination.Length; start += SortingNetwork.Width)
            {
                cancellationToken.ThrowIfCancellationRequested();
                network.Sort(buffers.Tile.AsSpan(start), TileStride, buffers.Keys);
                SortingNetwork.Reorder(buffers.Keys.AsSpan(firstRow * SortingNetwork.Width, (lastRow - firstRow) * SortingNetwork.Width));
                addValues(buffers, start, sums);
                for (var column = 0; column < SortingNetwork.Width; column += Vector<float>.Count)
                {
                    var lower = new Vector<double>(sums[column..]) / new Vector<double>(valueCount);
                    var upper = new Vector<double>(sums[(column + Vector<double>.Count)..]) / new Vector<double>(valueCount);
                    Vector.Narrow(lower, upper).CopyTo(means[column..]);
                }

                means[..Math.Min(SortingNetwork.Width, destination.Length - start)].CopyTo(destination[start..]);
            }
        }
    }

    /// <summary>What a thread works in. A tile has a stretch of every update, long enough to be read at the memory's speed.</summary>
    private sealed class Buffers
    {
        public Buffers(int count, SortingNetwork network)
        {
            Tile = new float[network.SourceRowCount * TileStride];
            Tile.AsSpan(count * TileStride).Fill(float.PositiveInfinity);
            Keys = new int[network.SortedRowCount * SortingNetwork.Width];
            Keys.AsSpan(network.SourceRowCount * SortingNetwork.Width).Fill(int.MaxValue);
        }

        public float[] Tile { get; }

        /// <summary>What the network sorts the values at a few components to.</summary>
        public int[] Keys { get; }

        /// <summary>Rows of the sorted values: the same memory, where only the rows that are wanted are values.</summary>
        public ReadOnlySpan<float> Sorted => MemoryMarshal.Cast<int, float>(Keys);
    }

    /// <summary>The sums for several components of a tile, from the given one on; their values are sorted.</summary>
    private delegate void ColumnsFunction(Buffers buffers, int start, Span<double> destination);
}
