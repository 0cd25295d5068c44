using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Attacks;

/// <summary>All send infinities.</summary>
/// <remarks>The ByzFL library has it as Inf.</remarks>
public sealed class InfiniteValues : IAttack
{
    /// <inheritdoc/>
    public string Name => "infinity";

    /// <inheritdoc/>
    public float[][] Craft(UpdateSet honest, int byzantineCount)
    {
        ArgumentNullException.ThrowIfNull(honest);
        return HonestStatistics.Repeat(Enumerable.Repeat(double.PositiveInfinity, honest.Length), byzantineCount);
    }
}
