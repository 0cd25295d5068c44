namespace Mfn.Core.Aggregation;

/// <summary>
/// What is computed for every component on its own. Sums are in double, so that a component depends only on the values at its place:
/// neither on threads nor on vector widths.
/// </summary>
internal static class CoordinateWise
{
    private const int ComponentsPerTask = 64 * SortingNetwork.Width;

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
        return ForColumns(updates, threadCount, (component, sorted, column) =>
        {
            var median = MeanOf(sorted, column, (count - 1) / 2, (count / 2) + 1);
            var (inner, edge) = Nearest(sorted, column, count, median, nearestCount);

            // Only what lies at the very edge is chosen by the order of the updates.
            var atEdge = nearestCount - inner;
            var sum = 0.0;
            for (var update = 0; update < count; update++)
            {
                var value = updates[update][component];
                var distance = Math.Abs(value - median);
                if (distance < edge || (distance == edge && atEdge-- > 0))
                {
                    sum += value;
                }
            }

            return sum / nearestCount;
        });
    }

    private static float[] MeanOfSorted(UpdateSet updates, int start, int end, int threadCount) =>
        ForColumns(updates, threadCount, (_, sorted, column) => MeanOf(sorted, column, start, end));

    private static double MeanOf(ReadOnlySpan<float> sorted, int column, int start, int end)
    {
        var sum = 0.0;
        for (var row = start; row < end; row++)
        {
            sum += sorted[(row * SortingNetwork.Width) + column];
        }

        return sum / (end - start);
    }

    /// <summary>The largest distance of the values nearest to the median, and how many values are nearer than that.</summary>
    private static (int Inner, double Edge) Nearest(
        ReadOnlySpan<float> sorted, int column, int count, double median, int nearestCount)
    {
        // The nearest values are neighbours when sorted: drop the farther end until so many are left.
        var (start, end) = (0, count - 1);
        while (end - start + 1 > nearestCount)
        {
            if (DistanceOf(sorted, start) > DistanceOf(sorted, end))
            {
                start++;
            }
            else
            {
                end--;
            }
        }

        var edge = Math.Max(DistanceOf(sorted, start), DistanceOf(sorted, end));
        var inner = 0;
        for (var row = start; row <= end; row++)
        {
            inner += DistanceOf(sorted, row) < edge ? 1 : 0;
        }

        return (inner, edge);

        double DistanceOf(ReadOnlySpan<float> values, int row) => Math.Abs(values[(row * SortingNetwork.Width) + column] - median);
    }

    /// <summary>The result of a function of every component, given the updates' values of several components, sorted.</summary>
    private static float[] ForColumns(UpdateSet updates, int threadCount, ColumnFunction function)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threadCount);
        var vector = new float[updates.Length];
        var network = new SortingNetwork(updates.Count);
        var taskCount = (vector.Length + ComponentsPerTask - 1) / ComponentsPerTask;
        if (threadCount == 1)
        {
            for (var task = 0; task < taskCount; task++)
            {
                Work(task);
            }
        }
        else
        {
            Parallel.For(0, taskCount, new ParallelOptions { MaxDegreeOfParallelism = threadCount }, Work);
        }

        return vector;

        void Work(int task)
        {
            var columns = new float[updates.Count * SortingNetwork.Width];
            var end = Math.Min(vector.Length, (task + 1) * ComponentsPerTask);
            for (var start = task * ComponentsPerTask; start < end; start += SortingNetwork.Width)
            {
                var width = Math.Min(SortingNetwork.Width, end - start);
                for (var update = 0; update < updates.Count; update++)
                {
                    updates[update].Slice(start, width).CopyTo(columns.AsSpan(update * SortingNetwork.Width));
                }

                network.Sort(columns);
                for (var column = 0; column < width; column++)
                {
                    vector[start + column] = (float)function(start + column, columns, column);
                }
            }
        }
    }

    /// <summary>The result for a component, whose sorted values are a column of the matrix.</summary>
    private delegate double ColumnFunction(int component, ReadOnlySpan<float> sorted, int column);
}
