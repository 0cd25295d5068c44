using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Rules;

/// <summary>
/// The median of every component, of an even number the mean of the two in the middle. Needs n >= 2f + 1, and then lies between the
/// smallest and the largest honest value.
/// </summary>
/// <remarks>D. Yin et al., "Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates", 2018.</remarks>
public sealed class CoordinateWiseMedian : IAggregationRule
{
    /// <inheritdoc/>
    public RulePrecondition Precondition { get; } = RulePrecondition.Linear("median", 2, 1);

    /// <inheritdoc/>
    public AggregationResult Aggregate(
        UpdateSet updates, int byzantineCount, int threadCount = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(updates);
        Precondition.Require(updates.Count, byzantineCount);
        var vector = CoordinateWise.Median(updates, threadCount: threadCount, cancellationToken: cancellationToken);
        return AggregationResult.OfAll(Precondition.Rule, updates, byzantineCount, vector);
    }
}
