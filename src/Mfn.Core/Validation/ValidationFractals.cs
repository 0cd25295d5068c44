using Mfn.Core.Randomness;

namespace Mfn.Core.Validation;

/// <summary>The two fractal quantities that a <see cref="ValidationCycle"/> reports.</summary>
internal static class ValidationFractals
{
    private const int SmallestBox = 2;
    private const int ScaleCount = 5;

    /// <summary>The box-counting dimension of the cells above a threshold; 0 if fewer than two box sizes find any.</summary>
    public static double BoxCountingDimension(ReadOnlySpan<double> cells, int gridSize, double threshold)
    {
        var logSizes = new List<double>();
        var logCounts = new List<double>();
        foreach (var size in BoxSizes(gridSize))
        {
            var count = CountBoxes(cells, gridSize, size, threshold);
            if (count > 0)
            {
                logSizes.Add(Math.Log(1.0 / size));
                logCounts.Add(Math.Log(count));
            }
        }

        return logSizes.Count < 2 ? 0.0 : LeastSquaresSlope(logSizes, logCounts);
    }

    /// <summary>
    /// The mean logarithm of the maps' area contraction along a random orbit of an iterated function system of random similarities.
    /// </summary>
    public static double LyapunovExponent(RandomGenerator random, int pointCount, int mapCount)
    {
        var logContractions = new double[mapCount];
        for (var map = 0; map < mapCount; map++)
        {
            logContractions[map] = DrawLogContraction(random);
        }

        var sum = 0.0;
        for (var point = 0; point < pointCount; point++)
        {
            sum += logContractions[random.NextInt64(0, mapCount)];
        }

        return sum / pointCount;
    }

    /// <summary>Draws a map: scale, angle and the two translations, which move the orbit but do not change areas.</summary>
    private static double DrawLogContraction(RandomGenerator random)
    {
        var scale = random.Uniform(0.2, 0.5);
        var angle = random.Uniform(0.0, 2.0 * Math.PI);
        random.Uniform(-1.0, 1.0);
        random.Uniform(-1.0, 1.0);
        var (sine, cosine) = (Math.Sin(angle), Math.Cos(angle));
        var determinant = (scale * cosine * (scale * cosine)) - (-scale * sine * (scale * sine));
        return Math.Log(Math.Abs(determinant));
    }

    /// <summary>Sizes in geometric progression, truncated to integers; rounding makes the third one 7, not 8, on large grids.</summary>
    private static IEnumerable<int> BoxSizes(int gridSize)
    {
        var largestThatFits = gridSize >= 4 ? gridSize / 2 : gridSize;
        var largestBox = Math.Max(SmallestBox, Math.Min(SmallestBox << (ScaleCount - 1), largestThatFits));
        var first = Math.Log10(SmallestBox);
        var step = (Math.Log10(largestBox) - first) / (ScaleCount - 1);
        return Enumerable.Range(1, ScaleCount - 2)
            .Select(i => (int)Math.Pow(10.0, (i * step) + first))
            .Prepend(SmallestBox)
            .Append(largestBox)
            .Distinct()
            .Where(size => size <= gridSize);
    }

    /// <summary>The boxes with a cell above the threshold; cells beyond the last whole box do not count.</summary>
    private static int CountBoxes(ReadOnlySpan<double> cells, int gridSize, int boxSize, double threshold)
    {
        var boxesPerRow = gridSize / boxSize;
        var isOccupied = new bool[boxesPerRow * boxesPerRow];
        for (var i = 0; i < cells.Length; i++)
        {
            var (boxRow, boxColumn) = (i / gridSize / boxSize, i % gridSize / boxSize);
            if (cells[i] > threshold && boxRow < boxesPerRow && boxColumn < boxesPerRow)
            {
                isOccupied[(boxRow * boxesPerRow) + boxColumn] = true;
            }
        }

        return isOccupied.AsSpan().Count(true);
    }

    private static double LeastSquaresSlope(List<double> x, List<double> y)
    {
        var (meanX, meanY) = (x.Average(), y.Average());
        var covariance = x.Zip(y, (a, b) => (a - meanX) * (b - meanY)).Sum();
        var variance = x.Sum(a => (a - meanX) * (a - meanX));
        return covariance / variance;
    }
}
