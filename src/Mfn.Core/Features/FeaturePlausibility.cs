using System.Globalization;

namespace Mfn.Core.Features;

/// <summary>Says where a vector leaves what the reference's schema expects of it. Nothing is refused for it.</summary>
public static class FeaturePlausibility
{
    /// <summary>The reference's warnings, in its order and words; empty if there are none.</summary>
    /// <param name="features">The vector.</param>
    /// <param name="isStrict">Whether D_box must be within 1.4 to 1.9, as of mycelium, instead of 0 to 2.5.</param>
    public static IReadOnlyList<string> FindWarnings(FeatureVector features, bool isStrict = false)
    {
        ArgumentNullException.ThrowIfNull(features);

        var (lowest, highest) = isStrict ? (1.4, 1.9) : (0.0, 2.5);
        var warnings = new List<string>();
        WarnOutside("D_box", features.BoxDimension, lowest, highest);
        WarnOutside("D_r2", features.BoxFitRSquared, 0.0, 1.0);
        if (features.MinPotential < -100.0 || features.MaxPotential > 50.0)
        {
            warnings.Add(
                $"V range [{Format(features.MinPotential, "F1")}, {Format(features.MaxPotential, "F1")}] mV exceeds physiological bounds [-100, 50]");
        }

        WarnOutside("f_active", features.ActiveShare, 0.0, 1.0);
        if (features.Values.Any(double.IsNaN))
        {
            warnings.Add("NaN detected in features");
        }

        if (features.Values.Any(double.IsInfinity))
        {
            warnings.Add("Inf detected in features");
        }

        return warnings;

        void WarnOutside(string name, double value, double minimum, double maximum)
        {
            if (!(value >= minimum && value <= maximum))
            {
                warnings.Add(string.Create(CultureInfo.InvariantCulture, $"{name}={Format(value, "F3")} outside [{minimum:0.0##}, {maximum:0.0##}]"));
            }
        }
    }

    private static string Format(double value, string format) => value switch
    {
        double.NaN => "nan",
        double.PositiveInfinity => "inf",
        double.NegativeInfinity => "-inf",
        _ => value.ToString(format, CultureInfo.InvariantCulture),
    };
}
