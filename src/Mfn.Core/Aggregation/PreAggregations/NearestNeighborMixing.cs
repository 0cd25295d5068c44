using Mfn.Core.Aggregation.Distances;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.PreAggregations;

/// <summary>
/// Every update becomes the mean of its n - f nearest, itself included; of updates equally near, the first. Needs n >= 2f + 1.
/// </summary>
/// <remarks>Y. Allouah et al., "Fixing by Mixing: A Recipe for Optimal Byzantine ML under Heterogeneity", 2023.</remarks>
public sealed class NearestNeighborMixing : IPreAggregation
{
    /// <inheritdoc/>
    public RulePrecondition Precondition { get; } = RulePrecondition.LinearWithDistances("nnm", 2, 1);

    /// <inheritdoc/>
    public UpdateSet Transform(
        UpdateSet updates, int byzantineCount, int threadCount = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(updates);
        Precondition.Require(updates.Count, byzantineCount);
        var distances = PairwiseDistances.Between(updates, threadCount, cancellationToken);
        var nearest = Enumerable.Range(0, updates.Count)
            .Select(i => KrumScores.Smallest(distances.SquaredFrom(i).ToArray(), updates.Count - byzantineCount))
            .ToArray();
        return updates.With(SubsetMeans.Of(updates, nearest, threadCount, cancellationToken));
    }
}
