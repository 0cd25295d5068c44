using System.Numerics;
using Mfn.Core.Aggregation.Sorting;
using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Rules;

/// <summary>
/// What is computed for every component on its own. Sums are in double and from the smallest value to the largest, so that a component
/// depends only on the values at its place: neither on threads nor on vector widths.
/// </summary>
internal static class CoordinateWise
{
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
        return ForColumns(updates, 0, count, nearestCount, threadCount, (tile, sorted, start, destination) =>
        {
            for (var column = 0; column < SortingNetwork.Width; column += Vector<float>.Count)
            {
                if (!TrySumAroundMedian(sorted, count, nearestCount, column, destination[column..]))
                {
                    for (var i = column; i < column + Vector<float>.Count; i++)
                    {
                        destination[i] = SumAroundMedian(tile, start, sorted, count, nearestCount, i);
                    }
                }
            }
        }, cancellationToken);
    }

    private static float[] MeanOfSorted(UpdateSet updates, int start, int end, int threadCount, CancellationToken cancellationToken) =>
        ForColumns(updates, start, end, end - start, threadCount, (_, sorted, _, destination) =>
        {
            // Two vectors of columns at a time, as every sum waits for the one before.
            for (var column = 0; column < SortingNetwork.Width; column += 2 * Vector<float>.Count)
            {
                var (sum0, sum1, sum2, sum3) = (Vector<double>.Zero, Vector<double>.Zero, Vector<double>.Zero, Vector<double>.Zero);
                for (var row = start; row < end; row++)
                {
                    var place = (row * SortingNetwork.Width) + column;
                    Vector.Widen(new Vector<float>(sorted[place..]), out var lower, out var upper);
                    sum0 += lower;
                    sum1 += upper;
                    Vector.Widen(new Vector<float>(sorted[(place + Vector<float>.Count)..]), out lower, out upper);
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
        SortedTile tile, int tileStart, ReadOnlySpan<float> sorted, int count, int nearestCount, int column)
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
            var difference = tile.Unsorted(update, tileStart + column) - median;
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
        using var span = AggregationSpans.StartSorting();
        var vector = new float[updates.Length];
        var network = SortingNetwork.Of(updates.Count, firstRow, lastRow);
        var tileLength = SortedTile.LengthFor(network, vector.Length);
        var tileCount = (vector.Length + tileLength - 1) / tileLength;
        if (threadCount == 1)
        {
            var tile = new SortedTile(updates, network, tileLength);
            for (var index = 0; index < tileCount; index++)
            {
                Work(index, tile);
            }
        }
        else
        {
            Parallel.For(
                0,
                tileCount,
                new ParallelOptions { MaxDegreeOfParallelism = threadCount, CancellationToken = cancellationToken },
                () => new SortedTile(updates, network, tileLength),
                (index, _, tile) =>
                {
                    Work(index, tile);
                    return tile;
                },
                _ => { });
        }

        return vector;

        void Work(int index, SortedTile tile)
        {
            Span<double> sums = stackalloc double[SortingNetwork.Width];
            Span<float> means = stackalloc float[SortingNetwork.Width];
            var destination = vector.AsSpan(index * tileLength, Math.Min(tileLength, vector.Length - (index * tileLength)));
            cancellationToken.ThrowIfCancellationRequested();
            tile.Read(index * tileLength, destination.Length);
            for (var start = 0; start < destination.Length; start += SortingNetwork.Width)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var sorted = tile.Sort(start, firstRow, lastRow);
                addValues(tile, sorted, start, sums);
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

    /// <summary>The sums for several components of a tile, from the given one on, of rows of their values, sorted.</summary>
    private delegate void ColumnsFunction(SortedTile tile, ReadOnlySpan<float> sorted, int start, Span<double> destination);
}
