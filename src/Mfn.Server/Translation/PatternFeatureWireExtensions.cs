using Mfn.Core.Features;
using Mfn.Core.Fields;
using Mfn.Core.Simulation;
using Mfn.Core.Specs;
using Mfn.Core.Spectra;
using Mfn.Server.Calls;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>The features of patterns as messages.</summary>
internal static class PatternFeatureWireExtensions
{
    private static readonly ParameterRange ThresholdRange = new(-1e9, 1e9);

    /// <summary>The options for a simulation's fields.</summary>
    public static PatternFeatureOptions ToOptions(this Wire.PatternFeatureOptions wire, SimulationSpec spec, RequestProblems problems)
    {
        if (wire.HasThreshold)
        {
            problems.Check("pattern_features.threshold", wire.Threshold, ThresholdRange);
        }

        if (wire is { HasConnectivity: true, Connectivity: not (4 or 8) })
        {
            problems.Add("pattern_features.connectivity", $"must be 4 or 8, but was {wire.Connectivity}");
        }

        if (spec.Pattern is not { } pattern)
        {
            problems.Add("pattern_features", "must not be set without kinetics");
            return new PatternFeatureOptions();
        }

        return new PatternFeatureOptions
        {
            CellWidth = pattern.CellWidth,
            IsPeriodic = pattern.Boundaries.Length > 0 && pattern.Boundaries[0].Kind == Boundary.Periodic,
            Threshold = wire.HasThreshold ? wire.Threshold : null,
            Connectivity = wire is { HasConnectivity: true, Connectivity: 8 } ? Connectivity.Eight : Connectivity.Four,
        };
    }

    public static Wire.PatternFeatures ToWire(this PatternFeatures features)
    {
        var wire = new Wire.PatternFeatures
        {
            DefinitionVersion = PatternFeatures.DefinitionVersion,
            Threshold = features.Threshold,
            SpotCount = features.SpotCount,
            AreaFraction = features.AreaFraction,
        };
        Set(features.MeanWavelength, value => wire.MeanWavelength = value);
        Set(features.WavelengthSpread, value => wire.WavelengthSpread = value);
        Set(features.PeakWavelength, value => wire.PeakWavelength = value);
        Set(features.StripeDefects?.Total, value => wire.StripeDefectCount = value);
        Set(features.PhaseSingularities?.Total, value => wire.PhaseSingularityCount = value);
        Set(features.OscillationPeriod?.Period, value => wire.OscillationPeriod = value);
        return wire;

        static void Set<T>(T? value, Action<T> set)
            where T : struct
        {
            if (value is { } known)
            {
                set(known);
            }
        }
    }
}
