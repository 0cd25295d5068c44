using Mfn.Core.Aggregation.Distances;
using Mfn.Core.Aggregation.Updates;
using Mfn.Core.Specs;

namespace Mfn.Core.Aggregation.Rules;

/// <summary>
/// The update with the smallest Krum score, which is the sum of squared distances to its n - f - 2 nearest others; of equal scores the
/// first. Needs n >= 2f + 3. <see cref="KrumVariant"/> has what others call Krum.
/// </summary>
/// <remarks>P. Blanchard et al., "Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent", 2017.</remarks>
public sealed class Krum(KrumVariant variant = KrumVariant.Blanchard2017) : IAggregationRule
{
    /// <summary>Which Krum it is.</summary>
    public KrumVariant Variant => variant;

    /// <inheritdoc/>
    public RulePrecondition Precondition { get; } = variant.Precondition("krum");

    /// <inheritdoc/>
    public AggregationResult Aggregate(
        UpdateSet updates, int byzantineCount, int threadCount = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(updates);
        Precondition.Require(updates.Count, byzantineCount);
        var scores = Score(PairwiseDistances.Between(updates, threadCount, cancellationToken), byzantineCount, cancellationToken);
        var selected = KrumScores.Smallest(scores, 1);
        return new AggregationResult
        {
            Rule = Precondition.Rule,
            UpdateCount = updates.Count,
            ByzantineCount = byzantineCount,
            Vector = updates[selected[0]].ToArray(),
            Scores = [.. scores],
            Selected = [.. selected],
            Excluded = AggregationResult.NotSelected(updates, selected, index => DescribeLoser(scores, index)),
        };
    }

    /// <summary>The scores of updates, of which only the distances are needed, so that the vectors need not be in memory.</summary>
    /// <exception cref="PreconditionException">n is too small for f.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public double[] Score(PairwiseDistances distances, int byzantineCount, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(distances);
        Precondition.Require(distances.Count, byzantineCount);
        return KrumScores.Of(distances, variant.NeighborCount(distances.Count, byzantineCount), variant.SquaresDistances(), cancellationToken);
    }

    internal static string DescribeLoser(double[] scores, int index) =>
        $"has Krum score {ParameterRange.Format(scores[index])}, which is not among the smallest";
}
