namespace Mfn.Cli.Pictures;

/// <summary>A grid of values as a grid with more or fewer rows and columns, each value the mean of the area that it covers.</summary>
internal static class AreaMeans
{
    /// <summary>Computes them, row after row. An area may cut cells, which then count in part.</summary>
    public static double[] Compute(ReadOnlySpan<double> values, int rowCount, int columnCount, int newRowCount, int newColumnCount)
    {
        // One axis after the other.
        var narrow = new double[rowCount * newColumnCount];
        for (var x = 0; x < newColumnCount; x++)
        {
            foreach (var (column, weight) in Parts(x, newColumnCount, columnCount))
            {
                for (var row = 0; row < rowCount; row++)
                {
                    narrow[(row * newColumnCount) + x] += weight * values[(row * columnCount) + column];
                }
            }
        }

        var means = new double[newRowCount * newColumnCount];
        for (var y = 0; y < newRowCount; y++)
        {
            foreach (var (row, weight) in Parts(y, newRowCount, rowCount))
            {
                for (var x = 0; x < newColumnCount; x++)
                {
                    means[(y * newColumnCount) + x] += weight * narrow[(row * newColumnCount) + x];
                }
            }
        }

        return means;
    }

    // In units of 1 / (count * newCount), so that whole cells have whole numbers.
    private static List<(int Cell, double Weight)> Parts(int index, int newCount, int count)
    {
        var (start, end) = ((long)index * count, (index + 1L) * count);
        var parts = new List<(int, double)>();
        for (var cell = start / newCount; cell * newCount < end; cell++)
        {
            var overlap = Math.Min(end, (cell + 1) * newCount) - Math.Max(start, cell * newCount);
            parts.Add(((int)cell, (double)overlap / count));
        }

        return parts;
    }
}
