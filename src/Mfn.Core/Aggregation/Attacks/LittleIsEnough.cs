using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Attacks;

/// <summary>
/// All send the honest mean plus z standard deviations in every component, which hides among the honest. Without a z it is the paper's
/// largest, at which s honest clients are expected to be farther out, who with the f attackers are a majority of all n:
/// Φ(z) = (n - f - s) / (n - f) with s = ⌊n / 2⌋ + 1 - f, but at least 1.
/// </summary>
/// <remarks>G. Baruch, M. Baruch and Y. Goldberg, "A Little Is Enough: Circumventing Defenses For Distributed Learning", 2019.</remarks>
public sealed class LittleIsEnough(double? factor = null) : IAttack
{
    private const int BisectionCount = 60;
    private const double LargestFactor = 6;

    /// <inheritdoc/>
    public string Name => "a-little-is-enough";

    /// <inheritdoc/>
    public float[][] Craft(UpdateSet honest, int byzantineCount)
    {
        ArgumentNullException.ThrowIfNull(honest);
        var mean = HonestStatistics.Mean(honest);
        var deviation = HonestStatistics.StandardDeviation(honest, mean);
        var shifted = HonestStatistics.Shift(mean, deviation, factor ?? FactorOf(honest.Count, byzantineCount));
        return HonestStatistics.Repeat(shifted, byzantineCount);
    }

    private static double FactorOf(int honestCount, int byzantineCount)
    {
        var supporterCount = Math.Max(1, ((honestCount + byzantineCount) / 2) + 1 - byzantineCount);
        var part = (double)(honestCount - supporterCount) / honestCount;
        var (low, high) = (-LargestFactor, LargestFactor);
        for (var i = 0; i < BisectionCount; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = NormalPart(middle) < part ? (middle, high) : (low, middle);
        }

        return low;
    }

    /// <summary>Φ: 1/2 plus the density times z + z³/3 + z⁵/(3·5) + …</summary>
    private static double NormalPart(double z)
    {
        var (sum, term) = (0.0, z);
        for (var odd = 3; sum + term != sum; odd += 2)
        {
            sum += term;
            term *= z * z / odd;
        }

        return 0.5 + (sum * Math.Exp(-0.5 * z * z) / Math.Sqrt(2 * Math.PI));
    }
}
