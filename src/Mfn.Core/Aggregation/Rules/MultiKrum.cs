using Mfn.Core.Aggregation.Distances;
using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Rules;

/// <summary>
/// The mean of the m updates with the smallest Krum scores, by their weights; of equal scores the first ones. Needs n >= 2f + 3 and
/// 1 &lt;= m &lt;= n - f - 2, which is also the default; the variants that only resemble Krum keep up to n, by default n - f.
/// </summary>
/// <remarks>
/// P. Blanchard et al., "Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent", 2017; the bound on m is from
/// G. Damaskinos et al., "AggregaThor: Byzantine Machine Learning via Robust Gradient Aggregation", 2019.
/// </remarks>
public sealed class MultiKrum : IAggregationRule
{
    private readonly Krum _krum;
    private readonly int? _keptCount;

    /// <summary>A rule that keeps m updates, or without an m as many as the default is, by the scores of a variant.</summary>
    public MultiKrum(int? keptCount = null, KrumVariant variant = KrumVariant.Blanchard2017)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(keptCount ?? 1, nameof(keptCount));
        _krum = new Krum(variant);
        _keptCount = keptCount;
        Precondition = PreconditionOf(keptCount, variant);
    }

    /// <inheritdoc/>
    public RulePrecondition Precondition { get; }

    /// <inheritdoc/>
    public AggregationResult Aggregate(
        UpdateSet updates, int byzantineCount, int threadCount = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(updates);
        Precondition.Require(updates.Count, byzantineCount);
        var unkeptCount = byzantineCount + (_krum.Variant == KrumVariant.Blanchard2017 ? 2 : 0);
        var scores = _krum.Score(PairwiseDistances.Between(updates, threadCount, cancellationToken), byzantineCount, cancellationToken);
        var selected = KrumScores.Smallest(scores, _keptCount ?? (updates.Count - unkeptCount));
        return new AggregationResult
        {
            Rule = Precondition.Rule,
            UpdateCount = updates.Count,
            ByzantineCount = byzantineCount,
            Vector = WeightedMean.Of(updates, selected, cancellationToken),
            Scores = [.. scores],
            Selected = [.. selected],
            Excluded = AggregationResult.NotSelected(updates, selected, index => Krum.DescribeLoser(scores, index)),
        };
    }

    private static RulePrecondition PreconditionOf(int? keptCount, KrumVariant variant)
    {
        var score = variant.Precondition("multi-krum");
        if (keptCount is not { } kept)
        {
            return score;
        }

        return variant == KrumVariant.Blanchard2017
            ? new RulePrecondition(
                score.Rule,
                $"{score.Inequality} and n >= f + {kept + 2}",
                n => Math.Min(score.LargestByzantineCount(n) ?? -1, n - kept - 2),
                score.LargestUpdateCount)
            : new RulePrecondition(
                score.Rule,
                $"{score.Inequality} and n >= {kept}",
                n => n < kept ? -1 : score.LargestByzantineCount(n) ?? -1,
                score.LargestUpdateCount);
    }
}
