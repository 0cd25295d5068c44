using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Attacks;

/// <summary>All send the honest mean with NaN as the first component.</summary>
/// <remarks>What a diverged client sends by accident; no paper needs it, and most libraries do not survive it.</remarks>
public sealed class SingleNaN : IAttack
{
    /// <inheritdoc/>
    public string Name => "single-nan";

    /// <inheritdoc/>
    public float[][] Craft(UpdateSet honest, int byzantineCount)
    {
        ArgumentNullException.ThrowIfNull(honest);
        return HonestStatistics.Repeat(HonestStatistics.Mean(honest).Select((component, i) => i == 0 ? double.NaN : component), byzantineCount);
    }
}
