using Mfn.Core.Aggregation.Distances;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.PreAggregations;

/// <summary>
/// The k = ⌊2f (n - f) / n⌋ longest updates become as long as the longest of the others. Needs n >= 2f + 1. Of equal norms it makes no
/// difference which is cut.
/// </summary>
/// <remarks>Y. Allouah et al., "Adaptive Gradient Clipping for Robust Federated Learning", 2025.</remarks>
public sealed class AdaptiveNormClipping : IPreAggregation
{
    /// <inheritdoc/>
    public RulePrecondition Precondition { get; } = RulePrecondition.Linear("adaptive-clip", 2, 1);

    /// <inheritdoc/>
    public UpdateSet Transform(
        UpdateSet updates, int byzantineCount, int threadCount = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(updates);
        Precondition.Require(updates.Count, byzantineCount);
        var cutCount = (int)(2L * byzantineCount * (updates.Count - byzantineCount) / updates.Count);
        var norms = new double[updates.Count];
        float[]? buffer = null;
        for (var i = 0; i < norms.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            norms[i] = Math.Sqrt(SquaredDistance.ToOrigin(updates.View(i, ref buffer)));
        }

        Array.Sort(norms);
        return NormClipping.Clip(updates, norms[updates.Count - cutCount - 1], cancellationToken);
    }
}
