using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Attacks;

/// <summary>What attackers compute of the honest updates, in double.</summary>
internal static class HonestStatistics
{
    public static double[] Mean(UpdateSet honest)
    {
        var mean = new double[honest.Length];
        for (var update = 0; update < honest.Count; update++)
        {
            for (var i = 0; i < mean.Length; i++)
            {
                mean[i] += honest[update][i];
            }
        }

        return Array.ConvertAll(mean, sum => sum / honest.Count);
    }

    /// <summary>The standard deviation of every component, with n - 1 in the denominator; 0 for one update.</summary>
    public static double[] StandardDeviation(UpdateSet honest, double[] mean)
    {
        var squares = new double[honest.Length];
        for (var update = 0; update < honest.Count; update++)
        {
            for (var i = 0; i < squares.Length; i++)
            {
                squares[i] += (honest[update][i] - mean[i]) * (honest[update][i] - mean[i]);
            }
        }

        return Array.ConvertAll(squares, sum => Math.Sqrt(sum / Math.Max(1, honest.Count - 1)));
    }

    /// <summary>The mean plus some times the standard deviation.</summary>
    public static double[] Shift(double[] mean, double[] deviation, double factor) =>
        [.. mean.Zip(deviation, (center, spread) => center + (factor * spread))];

    /// <summary>The same vector from all attackers.</summary>
    public static float[][] Repeat(IEnumerable<double> vector, int count) =>
        [.. Enumerable.Repeat(vector.Select(component => (float)component).ToArray(), count)];
}
