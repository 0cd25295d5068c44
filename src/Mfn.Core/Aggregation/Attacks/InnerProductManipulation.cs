using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Attacks;

/// <summary>All send -τ times the honest mean, so that the aggregate points against it.</summary>
/// <remarks>C. Xie, O. Koyejo and I. Gupta, "Fall of Empires: Breaking Byzantine-tolerant SGD by Inner Product Manipulation", 2019.</remarks>
public sealed class InnerProductManipulation(double factor = 2) : IAttack
{
    /// <inheritdoc/>
    public string Name => "inner-product-manipulation";

    /// <inheritdoc/>
    public float[][] Craft(UpdateSet honest, int byzantineCount)
    {
        ArgumentNullException.ThrowIfNull(honest);
        return HonestStatistics.Repeat(HonestStatistics.Mean(honest).Select(component => -factor * component), byzantineCount);
    }
}
