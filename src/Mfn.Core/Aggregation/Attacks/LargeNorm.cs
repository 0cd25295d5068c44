using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Attacks;

/// <summary>All send the honest mean, made very long.</summary>
/// <remarks>The omniscient attack of P. Blanchard et al., "Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent", 2017, without its sign.</remarks>
public sealed class LargeNorm(double factor = 1e6) : IAttack
{
    /// <inheritdoc/>
    public string Name => "large-norm";

    /// <inheritdoc/>
    public float[][] Craft(UpdateSet honest, int byzantineCount)
    {
        ArgumentNullException.ThrowIfNull(honest);
        return HonestStatistics.Repeat(HonestStatistics.Mean(honest).Select(component => factor * component), byzantineCount);
    }
}
