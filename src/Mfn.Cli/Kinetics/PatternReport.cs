using System.Globalization;
using Mfn.Cli.Output;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Kinetics;

/// <summary>The features of a pattern as an answer.</summary>
internal static class PatternReport
{
    /// <summary>All of them; null for what the field does not define.</summary>
    public static JsonRecord ToJson(PatternFeatures features) => new JsonRecord()
        .Add("definition_version", features.DefinitionVersion)
        .Add("mean_wavelength", features.HasMeanWavelength ? features.MeanWavelength : null)
        .Add("wavelength_spread", features.HasWavelengthSpread ? features.WavelengthSpread : null)
        .Add("peak_wavelength", features.HasPeakWavelength ? features.PeakWavelength : null)
        .Add("threshold", features.Threshold)
        .Add("spots", features.SpotCount)
        .Add("area_fraction", features.AreaFraction)
        .Add("stripe_defects", features.HasStripeDefectCount ? features.StripeDefectCount : null)
        .Add("phase_singularities", features.HasPhaseSingularityCount ? features.PhaseSingularityCount : null)
        .Add("oscillation_period", features.HasOscillationPeriod ? features.OscillationPeriod : null);

    /// <summary>Those that the field defines, in words.</summary>
    public static string ToLine(PatternFeatures features)
    {
        List<string> parts = [];
        if (features.HasMeanWavelength)
        {
            parts.Add(Text($"wavelength {features.MeanWavelength:G4} (spread {features.WavelengthSpread:G3}, peak {features.PeakWavelength:G4})"));
        }

        parts.Add(Text($"{features.SpotCount} {(features.SpotCount == 1 ? "spot" : "spots")} above {features.Threshold:G4}, {features.AreaFraction * 100:0.#} % of the area"));
        if (features.HasStripeDefectCount)
        {
            parts.Add(Text($"{features.StripeDefectCount} stripe defects"));
        }

        if (features.HasPhaseSingularityCount)
        {
            parts.Add(Text($"{features.PhaseSingularityCount} phase singularities"));
        }

        if (features.HasOscillationPeriod)
        {
            parts.Add(Text($"period {features.OscillationPeriod:G4}"));
        }

        return string.Join(", ", parts);

        static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
    }
}
