using Mfn.Core.Aggregation.Distances;
using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Rules;

/// <summary>
/// Krum chooses θ = n - 2f updates one by one, each among those that are left; then every component is the mean of the θ - 2f chosen
/// values nearest to their median. Needs n >= 4f + 3. Ties go to the first update in both stages.
/// </summary>
/// <remarks>
/// E. M. El Mhamdi, R. Guerraoui and S. Rouault, "The Hidden Vulnerability of Distributed Learning in Byzantium", 2018. Among m updates
/// left, scores are over the max(1, m - f - 2) nearest. The scores reported are those among all n.
/// </remarks>
public sealed class Bulyan : IAggregationRule
{
    /// <inheritdoc/>
    public RulePrecondition Precondition { get; } = RulePrecondition.LinearWithDistances("bulyan", 4, 3);

    /// <inheritdoc/>
    public AggregationResult Aggregate(
        UpdateSet updates, int byzantineCount, int threadCount = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(updates);
        Precondition.Require(updates.Count, byzantineCount);

        var chosenCount = updates.Count - (2 * byzantineCount);
        var distances = PairwiseDistances.Between(updates, threadCount, cancellationToken);
        var chosen = Choose(distances, byzantineCount, chosenCount, cancellationToken);
        var candidates = updates.Take([.. chosen.Order()]);
        return new AggregationResult
        {
            Rule = Precondition.Rule,
            UpdateCount = updates.Count,
            ByzantineCount = byzantineCount,
            Vector = CoordinateWise.MeanAroundMedian(candidates, chosenCount - (2 * byzantineCount), threadCount, cancellationToken),
            Scores = [.. KrumScores.Of(distances, updates.Count - byzantineCount - 2, cancellationToken: cancellationToken)],
            Selected = [.. chosen],
            Excluded = AggregationResult.NotSelected(updates, chosen, _ => $"is not among the {chosenCount} that Krum chose"),
        };
    }

    private static List<int> Choose(
        PairwiseDistances distances, int byzantineCount, int chosenCount, CancellationToken cancellationToken)
    {
        // Sorted once, so that a score among those that are left is a walk along a row.
        var neighbors = Enumerable.Range(0, distances.Count)
            .Select(SortNeighbors).ToArray();
        var left = Enumerable.Range(0, distances.Count).ToList();
        var isLeft = new bool[distances.Count];
        Array.Fill(isLeft, true);
        var chosen = new List<int>(chosenCount);
        while (chosen.Count < chosenCount)
        {
            var neighborCount = Math.Max(1, left.Count - byzantineCount - 2);
            var best = left.MinBy(i => Score(i, neighborCount));
            chosen.Add(best);
            left.Remove(best);
            isLeft[best] = false;
        }

        return chosen;

        int[] SortNeighbors(int i)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return [.. Enumerable.Range(0, distances.Count).Where(j => j != i).OrderBy(j => distances.Squared(i, j))];
        }

        double Score(int i, int neighborCount)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var sum = 0.0;
            foreach (var j in neighbors[i])
            {
                if (isLeft[j])
                {
                    sum += distances.Squared(i, j);
                    if (--neighborCount == 0)
                    {
                        break;
                    }
                }
            }

            return sum;
        }
    }
}
