using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Rules;

/// <summary>
/// The mean of every component without its f smallest and its f largest values. Needs n >= 2f + 1, and then lies between the smallest
/// and the largest honest value. Which of equal values is left out makes no difference.
/// </summary>
/// <remarks>D. Yin et al., "Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates", 2018.</remarks>
public sealed class TrimmedMean : IAggregationRule
{
    /// <inheritdoc/>
    public RulePrecondition Precondition { get; } = RulePrecondition.Linear("trimmed-mean", 2, 1);

    /// <inheritdoc/>
    public AggregationResult Aggregate(
        UpdateSet updates, int byzantineCount, int threadCount = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(updates);
        Precondition.Require(updates.Count, byzantineCount);
        var vector = CoordinateWise.TrimmedMean(updates, byzantineCount, threadCount, cancellationToken);
        return AggregationResult.OfAll(Precondition.Rule, updates, byzantineCount, vector);
    }
}
