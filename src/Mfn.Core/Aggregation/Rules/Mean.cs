using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Rules;

/// <summary>
/// The mean by weight, which one Byzantine update can move anywhere: needs f = 0 and n >= 1. What other rules are compared with.
/// </summary>
/// <remarks>B. McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized Data", 2017.</remarks>
public sealed class Mean : IAggregationRule
{
    /// <inheritdoc/>
    public RulePrecondition Precondition { get; } = new("mean", "f = 0 and n >= 1", n => n >= 1 ? 0 : -1);

    /// <inheritdoc/>
    public AggregationResult Aggregate(
        UpdateSet updates, int byzantineCount, int threadCount = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(updates);
        Precondition.Require(updates.Count, byzantineCount);
        return AggregationResult.OfAll(Precondition.Rule, updates, byzantineCount, WeightedMean.Of(updates, cancellationToken));
    }
}
