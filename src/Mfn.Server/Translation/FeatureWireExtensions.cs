using Mfn.Core.Features;
using Mfn.Core.Specs;
using Mfn.Server.Calls;
using Mfn.Server.Texts;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>Where the feature contract meets the core.</summary>
internal static class FeatureWireExtensions
{
    private static readonly DefinitionVersion[] Versions = Enum.GetValues<DefinitionVersion>();

    /// <summary>The version of that name, the default for an empty one.</summary>
    public static DefinitionVersion ToVersion(string name, string path, RequestProblems problems)
    {
        foreach (var version in Versions)
        {
            if (name == FeatureDefinition.Label(version))
            {
                return version;
            }
        }

        if (name.Length > 0)
        {
            var labels = Versions.Select(version => $"\"{FeatureDefinition.Label(version)}\"");
            problems.Add(path, $"must be {string.Join(" or ", labels)}, but was \"{CallersText.Show(name, CallersText.LongestQuote)}\"");
        }

        return FeatureOptions.Default.Version;
    }

    /// <summary>The options of a request; what is wrong with them is added to the problems.</summary>
    /// <param name="wire">The message; null for the defaults.</param>
    /// <param name="prefix">What comes before the wire names of its fields, such as "options.".</param>
    /// <param name="problems">Collects what is wrong.</param>
    public static FeatureOptions ToOptions(this Wire.FeatureOptions? wire, string prefix, RequestProblems problems)
    {
        if (wire is null)
        {
            return FeatureOptions.Default;
        }

        var defaults = FeatureOptions.Default;
        var options = new FeatureOptions
        {
            Version = ToVersion(wire.DefinitionVersion, $"{prefix}definition_version", problems),
            MinBoxSize = wire.HasMinBoxSize ? wire.MinBoxSize : defaults.MinBoxSize,
            MaxBoxSize = wire.HasMaxBoxSize ? wire.MaxBoxSize : null,
            ScaleCount = wire.HasScaleCount ? wire.ScaleCount : defaults.ScaleCount,
            LowThresholdMillivolts = wire.HasLowThresholdMillivolts ? wire.LowThresholdMillivolts : defaults.LowThresholdMillivolts,
            MediumThresholdMillivolts = wire.HasMediumThresholdMillivolts ? wire.MediumThresholdMillivolts : defaults.MediumThresholdMillivolts,
            HighThresholdMillivolts = wire.HasHighThresholdMillivolts ? wire.HighThresholdMillivolts : defaults.HighThresholdMillivolts,
            StabilityThresholdMillivolts = wire.HasStabilityThresholdMillivolts ? wire.StabilityThresholdMillivolts : defaults.StabilityThresholdMillivolts,
            StabilityWindow = wire.HasStabilityWindowSteps ? wire.StabilityWindowSteps : defaults.StabilityWindow,
            Connectivity = wire.HasConnectivity ? (Connectivity)wire.Connectivity : defaults.Connectivity,
        };
        foreach (var problem in options.FindProblems())
        {
            problems.Add($"{prefix}{WireName(problem.Parameter)}", WithWireNames(problem.Description));
        }

        return options;
    }

    /// <summary>The normalisation of a request, or null if it asks for none or for an impossible one, which is then among the problems.</summary>
    public static FeatureNormalization? ToNormalization(this Wire.Normalization? wire, RequestProblems problems)
    {
        switch (wire?.MethodCase)
        {
            case Wire.Normalization.MethodOneofCase.ZScore:
                var (means, deviations) = (wire.ZScore.Means, wire.ZScore.StandardDeviations);
                return Check("z_score.means", means, _ => true, $"{FeatureNormalization.OffsetRange}")
                    & Check("z_score.standard_deviations", deviations, i => FeatureNormalization.ScaleRange.Contains(deviations[i]), $"{FeatureNormalization.ScaleRange}")
                        ? FeatureNormalization.ZScore([.. means], [.. deviations])
                        : null;
            case Wire.Normalization.MethodOneofCase.MinMax:
                var (minima, maxima) = (wire.MinMax.Minima, wire.MinMax.Maxima);
                return Check("min_max.minima", minima, _ => true, $"{FeatureNormalization.OffsetRange}")
                    & Check("min_max.maxima", maxima, i => i >= minima.Count || FeatureNormalization.ScaleRange.Contains(maxima[i] - minima[i]), $"at least {ParameterRange.Format(FeatureNormalization.ScaleRange.Minimum)} above the minimum")
                        ? FeatureNormalization.MinMax([.. minima], [.. maxima])
                        : null;
            default:
                return null;
        }

        bool Check(string field, IReadOnlyList<double> values, Func<int, bool> isFine, string claim)
        {
            if (values.Count != FeatureDefinition.Count)
            {
                problems.Add($"normalization.{field}", $"must have {FeatureDefinition.Count} values, but had {values.Count}");
                return false;
            }

            for (var i = 0; i < values.Count; i++)
            {
                if (!FeatureNormalization.OffsetRange.Contains(values[i]) || !isFine(i))
                {
                    problems.Add($"normalization.{field}[{i}]", $"must be {claim}, but was {ParameterRange.Format(values[i])}");
                    return false;
                }
            }

            return true;
        }
    }

    public static Wire.FeatureVector ToWire(this FeatureVector features, FeatureNormalization? normalization = null, Wire.Normalization? wireNormalization = null)
    {
        var wire = new Wire.FeatureVector
        {
            Values = { features.Values },
            DefinitionVersion = FeatureDefinition.Label(features.Version),
            Undefined = { Undefined(features.Undefined) },
        };
        if (normalization is not null)
        {
            wire.NormalizedValues.AddRange(normalization.Apply(features));
            wire.Normalization = wireNormalization;
        }

        return wire;
    }

    public static Wire.DescribeFeaturesResponse Describe() => new()
    {
        DefinitionVersions = { Versions.Select(FeatureDefinition.Label) },
        Features = { FeatureDefinition.All.Select(ToWire) },
    };

    private static Wire.FeatureDefinition ToWire(FeatureDefinition definition)
    {
        var wire = new Wire.FeatureDefinition { Name = definition.Name, Unit = definition.Unit, Description = definition.Meaning };
        if (definition.ExpectedRange.Minimum > double.MinValue)
        {
            wire.Minimum = definition.ExpectedRange.Minimum;
        }

        if (definition.ExpectedRange.Maximum < int.MaxValue)
        {
            wire.Maximum = definition.ExpectedRange.Maximum;
        }

        return wire;
    }

    private static IEnumerable<Wire.UndefinedFeature> Undefined(UndefinedFeatures flags)
    {
        foreach (var (flag, reason, names) in UndefinedReasons)
        {
            if (flags.HasFlag(flag))
            {
                foreach (var name in names)
                {
                    yield return new Wire.UndefinedFeature { Name = name, Reason = reason };
                }
            }
        }
    }

    private static readonly (UndefinedFeatures Flag, string Reason, string[] Names)[] UndefinedReasons =
    [
        (UndefinedFeatures.DimensionOfTooFewBoxSizes, "0: fewer than two box sizes have an occupied box", ["D_box", "D_r2"]),
        (UndefinedFeatures.FitOfEqualBoxCounts, "0: the box counts are equal at all sizes", ["D_r2"]),
        (UndefinedFeatures.ShapeOfConstantField, "0: the field is constant", ["V_skew", "V_kurt"]),
        (UndefinedFeatures.DynamicsOfSingleFrame, "0: there is only one frame", ["dV_mean", "dV_max", "T_stable", "E_trend"]),
        (UndefinedFeatures.StabilityNotReached, "the number of frames: the field was never stable for a whole window", ["T_stable"]),
        (UndefinedFeatures.DeviationOfTooFewClusters, "0: there are fewer than two clusters", ["cluster_size_std"]),
    ];

    private static string WithWireNames(string description) => OptionNames.Aggregate(description, (text, pair) => text.Replace(pair.Property, pair.Wire, StringComparison.Ordinal));

    private static string WireName(string property) => OptionNames.Single(pair => pair.Property == property).Wire;

    private static readonly (string Property, string Wire)[] OptionNames =
    [
        (nameof(FeatureOptions.Version), "definition_version"),
        (nameof(FeatureOptions.MinBoxSize), "min_box_size"),
        (nameof(FeatureOptions.MaxBoxSize), "max_box_size"),
        (nameof(FeatureOptions.ScaleCount), "scale_count"),
        (nameof(FeatureOptions.LowThresholdMillivolts), "low_threshold_millivolts"),
        (nameof(FeatureOptions.MediumThresholdMillivolts), "medium_threshold_millivolts"),
        (nameof(FeatureOptions.HighThresholdMillivolts), "high_threshold_millivolts"),
        (nameof(FeatureOptions.StabilityThresholdMillivolts), "stability_threshold_millivolts"),
        (nameof(FeatureOptions.StabilityWindow), "stability_window_steps"),
        (nameof(FeatureOptions.Connectivity), "connectivity"),
    ];
}
