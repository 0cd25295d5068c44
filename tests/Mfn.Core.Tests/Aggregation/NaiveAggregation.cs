using System.Numerics;

namespace Mfn.Core.Tests.Aggregation;

/// <summary>The rules as their papers put them, slowly, in double.</summary>
internal static class NaiveAggregation
{
    public static double[] Krum(float[][] x, int f) => Widen(x[BestKrum(x, [.. Enumerable.Range(0, x.Length)], f)]);

    public static double[] MultiKrum(float[][] x, int f) => Mean(
        x, Enumerable.Range(0, x.Length).OrderBy(i => KrumScore(x, [.. Enumerable.Range(0, x.Length)], i, f)).Take(x.Length - f - 2));

    public static double[] Bulyan(float[][] x, int f)
    {
        var left = Enumerable.Range(0, x.Length).ToList();
        var chosen = new List<int>();
        while (chosen.Count < x.Length - (2 * f))
        {
            chosen.Add(BestKrum(x, left, f));
            left.Remove(chosen[^1]);
        }

        return MeanAroundMedian([.. chosen.Order().Select(i => x[i])], chosen.Count - (2 * f));
    }

    public static double[] Median(float[][] x) => PerCoordinate(x, MedianOf);

    public static double[] TrimmedMean(float[][] x, int f) =>
        PerCoordinate(x, column => column.Order().Skip(f).Take(column.Length - (2 * f)).Average());

    public static double[] MeanAroundMedian(float[][] x, int count) =>
        PerCoordinate(x, column => column.OrderBy(value => Math.Abs(value - MedianOf(column))).Take(count).Average());

    public static double[] MinimumDiameterAveraging(float[][] x, int f) =>
        Mean(x, Subsets(x.Length, x.Length - f).MinBy(set => set.Max(i => set.Max(j => Squared(x[i], x[j]))))!);

    public static double[] NearestNeighborMean(float[][] x, int i, int f) =>
        Mean(x, Enumerable.Range(0, x.Length).OrderBy(j => Squared(x[i], x[j])).Take(x.Length - f));

    /// <summary>Centered clipping from the origin.</summary>
    public static double[] CenteredClipping(float[][] x, double radius, int stepCount)
    {
        var center = new double[x[0].Length];
        for (var step = 0; step < stepCount; step++)
        {
            var start = center;
            double[][] moves = [.. x.Select(row => Clip([.. row.Select((value, i) => value - start[i])], radius))];
            center = [.. start.Select((value, i) => value + moves.Average(move => move[i]))];
        }

        return center;
    }

    public static double[] Clip(double[] vector, double cap)
    {
        var norm = Math.Sqrt(vector.Sum(value => value * value));
        return norm <= cap ? vector : [.. vector.Select(value => value * cap / norm)];
    }

    /// <summary>All clipped to the norm that is the largest of those that are left without the ⌊2f (n - f) / n⌋ largest.</summary>
    public static double[][] AdaptiveClip(float[][] x, int f)
    {
        double[] norms = [.. x.Select(row => Math.Sqrt(row.Sum(value => (double)value * value))).OrderDescending()];
        return [.. x.Select(row => Clip(Widen(row), norms[2 * f * (x.Length - f) / x.Length]))];
    }

    /// <summary>The sum of distances from a point, which the geometric median makes smallest.</summary>
    public static double TotalDistance(float[][] x, double[] point) =>
        x.Sum(row => Math.Sqrt(row.Zip(point).Sum(pair => (pair.First - pair.Second) * (pair.First - pair.Second))));

    /// <summary>The index that Krum chooses in integers: floats are whole multiples of 2^-149.</summary>
    public static int ExactKrum(float[][] x, int f)
    {
        var exact = x.Select(row => row.Select(Exact).ToArray()).ToArray();
        return Enumerable.Range(0, x.Length).MinBy(i => Enumerable.Range(0, x.Length).Where(j => j != i)
            .Select(j => exact[i].Zip(exact[j]).Aggregate(BigInteger.Zero, (sum, pair) => sum + BigInteger.Pow(pair.First - pair.Second, 2)))
            .Order().Take(x.Length - f - 2).Aggregate(BigInteger.Zero, (sum, distance) => sum + distance));

        // Enough for the values that are tested, which are above 2^-20.
        static BigInteger Exact(float value) => new(value * Math.Pow(2, 64));
    }

    private static int BestKrum(float[][] x, IReadOnlyList<int> left, int f) => left.MinBy(i => KrumScore(x, left, i, f));

    private static double KrumScore(float[][] x, IReadOnlyList<int> left, int i, int f) =>
        left.Where(j => j != i).Select(j => Squared(x[i], x[j])).Order().Take(Math.Max(1, left.Count - f - 2)).Sum();

    private static IEnumerable<int[]> Subsets(int n, int size, int first = 0)
    {
        if (size == 0)
        {
            return [[]];
        }

        return Enumerable.Range(first, Math.Max(0, n - first)).SelectMany(
            i => Subsets(n, size - 1, i + 1).Select(rest => (int[])[i, .. rest]));
    }

    private static double MedianOf(double[] column)
    {
        double[] sorted = [.. column.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static double[] PerCoordinate(float[][] x, Func<double[], double> function) =>
        [.. Enumerable.Range(0, x[0].Length).Select(i => function([.. x.Select(row => (double)row[i])]))];

    private static double[] Mean(float[][] x, IEnumerable<int> indices)
    {
        int[] chosen = [.. indices];
        return [.. Enumerable.Range(0, x[0].Length).Select(i => chosen.Average(row => (double)x[row][i]))];
    }

    private static double Squared(float[] left, float[] right) =>
        left.Zip(right).Sum(pair => ((double)pair.First - pair.Second) * ((double)pair.First - pair.Second));

    private static double[] Widen(float[] vector) => Array.ConvertAll(vector, component => (double)component);
}
