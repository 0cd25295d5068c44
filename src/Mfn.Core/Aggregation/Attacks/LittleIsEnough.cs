namespace Mfn.Core.Aggregation.Attacks;

/// <summary>All send the honest mean plus z standard deviations in every component, which hides among the honest.</summary>
/// <remarks>G. Baruch, M. Baruch and Y. Goldberg, "A Little Is Enough: Circumventing Defenses For Distributed Learning", 2019.</remarks>
public sealed class LittleIsEnough(double factor = 1.5) : IAttack
{
    /// <inheritdoc/>
    public string Name => "a-little-is-enough";

    /// <inheritdoc/>
    public float[][] Craft(UpdateSet honest, int byzantineCount)
    {
        ArgumentNullException.ThrowIfNull(honest);
        var mean = HonestStatistics.Mean(honest);
        var deviation = HonestStatistics.StandardDeviation(honest, mean);
        return HonestStatistics.Repeat(HonestStatistics.Shift(mean, deviation, factor), byzantineCount);
    }
}
