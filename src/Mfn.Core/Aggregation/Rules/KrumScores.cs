using Mfn.Core.Aggregation.Distances;
using Mfn.Core.Aggregation.Sorting;

namespace Mfn.Core.Aggregation.Rules;

/// <summary>Krum scores: how far an update is from those nearest to it.</summary>
internal static class KrumScores
{
    /// <summary>A score per update: the sum, smallest first, of the distances to its nearest others.</summary>
    public static double[] Of(
        PairwiseDistances distances, int neighborCount, bool squared = true, CancellationToken cancellationToken = default)
    {
        var scores = new double[distances.Count];
        var nearest = new double[Math.Max(0, distances.Count - 1)];
        var smallest = new SmallestFirst(nearest.Length);
        for (var i = 0; i < scores.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();

            // An update is no neighbour of itself, by index: others may be as near.
            var row = distances.SquaredFrom(i);
            row[..i].CopyTo(nearest);
            row[(i + 1)..].CopyTo(nearest.AsSpan(i));
            foreach (var distance in smallest.Of(nearest, Math.Clamp(neighborCount, 0, nearest.Length)))
            {
                scores[i] += squared ? distance : Math.Sqrt(distance);
            }
        }

        return scores;
    }

    /// <summary>The indices of the smallest scores, smallest first; of equal scores the first ones.</summary>
    public static int[] Smallest(double[] scores, int count) => [.. Enumerable.Range(0, scores.Length).OrderBy(i => scores[i]).Take(count)];
}
