using Mfn.Core.Aggregation.Distances;
using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Rules;

/// <summary>
/// The mean, by weight, of the n - f updates whose largest distance from one another is smallest; of sets with equal diameters the one
/// whose sorted indices come first. Needs n >= 2f + 1, and f &lt;= 24 as the search is exponential in f.
/// </summary>
/// <remarks>
/// E. M. El Mhamdi et al., "Genuinely Distributed Byzantine Machine Learning", 2020. The search is exact: n - f updates are within a
/// diameter of one another if f others cover all pairs that are farther apart, a vertex cover, found by branching on the update that is
/// in most of these pairs.
/// </remarks>
public sealed class MinimumDiameterAveraging : IAggregationRule
{
    private const int LargestByzantineCount = 24;

    /// <inheritdoc/>
    public RulePrecondition Precondition { get; } = new(
        "mda",
        $"n >= 2f + 1 and f <= {LargestByzantineCount}",
        n => Math.Min((n - 1) / 2, LargestByzantineCount),
        PairwiseDistances.LargestCount);

    /// <inheritdoc/>
    public AggregationResult Aggregate(
        UpdateSet updates, int byzantineCount, int threadCount = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(updates);
        Precondition.Require(updates.Count, byzantineCount);

        var distances = PairwiseDistances.Between(updates, threadCount, cancellationToken);
        var diameter = SmallestDiameter(distances, byzantineCount, cancellationToken);
        var removed = LastCover(distances, diameter, byzantineCount, cancellationToken);
        int[] selected = [.. Enumerable.Range(0, updates.Count).Where(i => !removed[i])];
        return new AggregationResult
        {
            Rule = Precondition.Rule,
            UpdateCount = updates.Count,
            ByzantineCount = byzantineCount,
            Vector = WeightedMean.Of(updates, selected, cancellationToken),
            Selected = [.. selected],
            Excluded = AggregationResult.NotSelected(updates, selected, _ => "is not in the set with the smallest diameter"),
        };
    }

    /// <summary>The smallest squared diameter of n - f updates, by bisection of all squared distances.</summary>
    private static double SmallestDiameter(PairwiseDistances distances, int byzantineCount, CancellationToken cancellationToken)
    {
        var candidates = new SortedSet<double> { 0 };
        for (var i = 0; i < distances.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            candidates.UnionWith(distances.SquaredFrom(i).ToArray());
        }

        double[] sorted = [.. candidates];
        var (low, high) = (0, sorted.Length - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (HasCover(distances, sorted[middle], new bool[distances.Count], byzantineCount, cancellationToken))
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return sorted[low];
    }

    /// <summary>f updates without which the diameter is met, as late as possible so that those that stay come first.</summary>
    private static bool[] LastCover(PairwiseDistances distances, double diameter, int byzantineCount, CancellationToken cancellationToken)
    {
        var removed = new bool[distances.Count];
        var kept = new List<int>();
        for (var i = 0; i < distances.Count && kept.Count < distances.Count - byzantineCount; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();

            // Keeping an update removes all that are too far from it.
            if (!removed[i] && kept.All(other => distances.Squared(i, other) <= diameter))
            {
                var trial = (bool[])removed.Clone();
                for (var j = 0; j < trial.Length; j++)
                {
                    trial[j] |= distances.Squared(i, j) > diameter;
                }

                var budget = byzantineCount - trial.Count(isRemoved => isRemoved);
                if (budget >= 0 && HasCover(distances, diameter, (bool[])trial.Clone(), budget, cancellationToken))
                {
                    removed = trial;
                    kept.Add(i);
                    continue;
                }
            }

            removed[i] = true;
        }

        for (var i = 0; i < removed.Length; i++)
        {
            removed[i] = !kept.Contains(i);
        }

        return removed;
    }

    /// <summary>Whether removing so many more updates leaves none that are farther apart.</summary>
    private static bool HasCover(
        PairwiseDistances distances, double diameter, bool[] removed, int budget, CancellationToken cancellationToken)
    {
        var (widest, degree) = (-1, 0);
        for (var i = 0; i < removed.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var farCount = 0;
            for (var j = 0; !removed[i] && j < removed.Length; j++)
            {
                farCount += !removed[j] && distances.Squared(i, j) > diameter ? 1 : 0;
            }

            (widest, degree) = farCount > degree ? (i, farCount) : (widest, degree);
        }

        if (degree == 0)
        {
            return true;
        }

        if (budget == 0)
        {
            return false;
        }

        // Either the update goes …
        removed[widest] = true;
        if (HasCover(distances, diameter, removed, budget - 1, cancellationToken))
        {
            return true;
        }

        // … or all that are too far from it. If no update is in two pairs, both come to the same.
        removed[widest] = false;
        if (degree == 1 || degree > budget)
        {
            return false;
        }

        int[] far = [.. Enumerable.Range(0, removed.Length).Where(j => !removed[j] && distances.Squared(widest, j) > diameter)];
        Array.ForEach(far, j => removed[j] = true);
        var isCovered = HasCover(distances, diameter, removed, budget - far.Length, cancellationToken);
        Array.ForEach(far, j => removed[j] = false);
        return isCovered;
    }
}
