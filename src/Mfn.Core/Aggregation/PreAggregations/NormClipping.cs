using Mfn.Core.Aggregation.Distances;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;
using Mfn.Core.Specs;

namespace Mfn.Core.Aggregation.PreAggregations;

/// <summary>Every update that is longer than a cap becomes as long as the cap: x · min(1, c / ‖x‖). Any n and f will do.</summary>
/// <remarks>Z. Sun et al., "Can You Really Backdoor Federated Learning?", 2019.</remarks>
public sealed class NormClipping : IPreAggregation
{
    private readonly double _cap;

    /// <summary>Clips to a Euclidean norm above 0.</summary>
    public NormClipping(double cap)
    {
        if (!new ParameterRange(double.Epsilon, double.MaxValue).Contains(cap))
        {
            throw new ArgumentOutOfRangeException(nameof(cap), cap, "The cap must be finite and above 0.");
        }

        _cap = cap;
    }

    /// <inheritdoc/>
    public RulePrecondition Precondition { get; } = RulePrecondition.Linear("clip", 1, 1);

    /// <inheritdoc/>
    public UpdateSet Transform(
        UpdateSet updates, int byzantineCount, int threadCount = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(updates);
        Precondition.Require(updates.Count, byzantineCount);
        return Clip(updates, _cap, cancellationToken);
    }

    internal static UpdateSet Clip(UpdateSet updates, double cap, CancellationToken cancellationToken)
    {
        var clipped = new float[updates.Count][];
        for (var update = 0; update < clipped.Length; update++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            clipped[update] = new float[updates.Length];
            updates.Read(update, 0, clipped[update]);
            var norm = Math.Sqrt(SquaredDistance.ToOrigin(clipped[update]));
            for (var i = 0; norm > cap && i < clipped[update].Length; i++)
            {
                clipped[update][i] = (float)(clipped[update][i] * (cap / norm));
            }
        }

        return updates.With(clipped);
    }
}
