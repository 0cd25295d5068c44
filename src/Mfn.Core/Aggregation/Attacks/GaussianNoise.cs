using Mfn.Core.Aggregation.Updates;
using Mfn.Core.Randomness;

namespace Mfn.Core.Aggregation.Attacks;

/// <summary>Everyone sends noise around the origin, each different noise, the same for the same seed.</summary>
/// <remarks>
/// P. Blanchard et al., "Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent", 2017, with a standard deviation of 200.
/// </remarks>
public sealed class GaussianNoise(double standardDeviation = 200, ulong seed = 42) : IAttack
{
    /// <inheritdoc/>
    public string Name => "gaussian";

    /// <inheritdoc/>
    public float[][] Craft(UpdateSet honest, int byzantineCount)
    {
        ArgumentNullException.ThrowIfNull(honest);
        var random = new RandomGenerator(seed);
        return
        [
            .. Enumerable.Range(0, byzantineCount).Select(
                _ => Enumerable.Range(0, honest.Length).Select(_ => (float)random.Normal(0, standardDeviation)).ToArray()),
        ];
    }
}
