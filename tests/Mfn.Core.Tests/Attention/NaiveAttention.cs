namespace Mfn.Core.Tests.Attention;

/// <summary>Attention as it stands in the textbook, in double precision, on lists of rows.</summary>
internal static class NaiveAttention
{
    /// <summary>softmax(Q Kᵀ / √d) V, where a query leaves out all but its <paramref name="attendedCount"/> best keys.</summary>
    public static double[][] Attend(double[][] queries, double[][] keys, double[][] values, int attendedCount) =>
        [.. queries.Select(query =>
        {
            var scores = keys.Select(key => Dot(query, key) / Math.Sqrt(query.Length)).ToArray();
            var attended = scores.Select((score, key) => (score, key))
                .OrderByDescending(pair => pair.score)
                .Take(attendedCount)
                .Select(pair => pair.key)
                .ToHashSet();
            var exponentials = scores.Select((score, key) => attended.Contains(key) ? Math.Exp(score) : 0.0).ToArray();
            return values[0]
                .Select((_, column) => values.Select((value, key) => exponentials[key] * value[column]).Sum() / exponentials.Sum())
                .ToArray();
        })];

    public static double Dot(double[] left, double[] right) => left.Zip(right, (a, b) => a * b).Sum();
}
