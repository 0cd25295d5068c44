using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Attacks;

/// <summary>All send the honest mean with its sign changed.</summary>
/// <remarks>L. Li et al., "RSA: Byzantine-Robust Stochastic Aggregation Methods for Distributed Learning from Heterogeneous Datasets", 2019.</remarks>
public sealed class SignFlip : IAttack
{
    /// <inheritdoc/>
    public string Name => "sign-flip";

    /// <inheritdoc/>
    public float[][] Craft(UpdateSet honest, int byzantineCount)
    {
        ArgumentNullException.ThrowIfNull(honest);
        return HonestStatistics.Repeat(HonestStatistics.Mean(honest).Select(component => -component), byzantineCount);
    }
}
