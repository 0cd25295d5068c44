using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Rules;

/// <summary>
/// The mean of the n - f values of every component that are nearest to its median; of values equally near, those of the first updates.
/// Needs n >= 2f + 1.
/// </summary>
/// <remarks>C. Xie, O. Koyejo and I. Gupta, "Generalized Byzantine-tolerant SGD", 2018.</remarks>
public sealed class Meamed : IAggregationRule
{
    /// <inheritdoc/>
    public RulePrecondition Precondition { get; } = RulePrecondition.Linear("meamed", 2, 1);

    /// <inheritdoc/>
    public AggregationResult Aggregate(
        UpdateSet updates, int byzantineCount, int threadCount = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(updates);
        Precondition.Require(updates.Count, byzantineCount);
        var vector = CoordinateWise.MeanAroundMedian(updates, updates.Count - byzantineCount, threadCount, cancellationToken);
        return AggregationResult.OfAll(Precondition.Rule, updates, byzantineCount, vector);
    }
}
