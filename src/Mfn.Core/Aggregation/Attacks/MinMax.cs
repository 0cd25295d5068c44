using Mfn.Core.Aggregation.Distances;
using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Attacks;

/// <summary>
/// All send the honest mean minus γ standard deviations, with the largest γ that leaves it no farther from any honest update than two
/// honest ones are from one another.
/// </summary>
/// <remarks>
/// V. Shejwalkar and A. Houmansadr, "Manipulating the Byzantine: Optimizing Model Poisoning Attacks and Defenses for Federated Learning",
/// 2021.
/// </remarks>
public sealed class MinMax : IAttack
{
    private const int BisectionCount = 60;
    private const double LargestFactor = 1e6;

    /// <inheritdoc/>
    public string Name => "min-max";

    /// <inheritdoc/>
    public float[][] Craft(UpdateSet honest, int byzantineCount)
    {
        ArgumentNullException.ThrowIfNull(honest);
        var mean = HonestStatistics.Mean(honest);
        var deviation = HonestStatistics.StandardDeviation(honest, mean);
        var distances = PairwiseDistances.Between(honest);
        var diameter = 0.0;
        for (var i = 0; i < honest.Count; i++)
        {
            foreach (var distance in distances.SquaredFrom(i))
            {
                diameter = Math.Max(diameter, distance);
            }
        }

        // The ball around every honest update is convex and has the mean inside, so that distances only grow past the last good γ.
        var (good, bad) = (0.0, LargestFactor);
        for (var i = 0; i < BisectionCount; i++)
        {
            var middle = (good + bad) / 2;
            (good, bad) = IsHidden(HonestStatistics.Shift(mean, deviation, -middle)) ? (middle, bad) : (good, middle);
        }

        return HonestStatistics.Repeat(HonestStatistics.Shift(mean, deviation, -good), byzantineCount);

        bool IsHidden(double[] vector) =>
            Enumerable.Range(0, honest.Count).All(i => SquaredDistance.Between(honest[i], vector) <= diameter);
    }
}
