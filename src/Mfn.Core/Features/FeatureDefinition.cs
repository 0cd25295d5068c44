using System.Collections.Immutable;
using Mfn.Core.Specs;

namespace Mfn.Core.Features;

/// <summary>What one of the features is.</summary>
/// <param name="Index">Its place in a <see cref="FeatureVector"/>, from 0.</param>
/// <param name="Name">Its name in the reference's schema, such as "D_box".</param>
/// <param name="Unit">Its unit, such as "mV"; "1" if it has none.</param>
/// <param name="Meaning">What it measures, in a sentence.</param>
/// <param name="ExpectedRange">
/// The values that it has for physiological potentials; <see cref="ParameterRange.Finite"/> if all may occur. Values beyond are computed and
/// reported all the same.
/// </param>
/// <param name="IsInteger">Whether its values are whole numbers.</param>
public sealed record FeatureDefinition(
    int Index, string Name, string Unit, string Meaning, ParameterRange ExpectedRange, bool IsInteger = false)
{
    /// <summary>The number of features.</summary>
    public const int Count = 18;

    private static readonly ParameterRange Share = new(0, 1);
    private static readonly ParameterRange Potential = new(-100, 50);
    private static readonly ParameterRange PotentialSpan = new(0, 150);
    private static readonly ParameterRange ExcessKurtosis = ParameterRange.Finite with { Minimum = -2 };
    private static readonly ParameterRange WholeNumber = new(0, int.MaxValue);

    /// <summary>All features, in the order of a vector's values.</summary>
    public static ImmutableArray<FeatureDefinition> All { get; } =
    [
        new(0, "D_box", "1", "Box-counting dimension of the active cells of the last frame.", new ParameterRange(0, 2.5)),
        new(1, "D_r2", "1", "Coefficient of determination of the line that gives D_box, clamped to [0, 1].", Share),
        new(2, "V_min", "mV", "Lowest potential in the last frame.", Potential),
        new(3, "V_max", "mV", "Highest potential in the last frame.", Potential),
        new(4, "V_mean", "mV", "Mean potential of the last frame.", Potential),
        new(5, "V_std", "mV", "Population standard deviation of the potential in the last frame.", PotentialSpan),
        new(6, "V_skew", "1", "Third central moment of the last frame over V_std^3.", ParameterRange.Finite),
        new(7, "V_kurt", "1", "Fourth central moment of the last frame over V_std^4, less 3.", ExcessKurtosis),
        new(8, "dV_mean", "mV", "Mean absolute difference between successive frames, over all cells.", PotentialSpan),
        new(9, "dV_max", "mV", "Greatest absolute difference of a cell between successive frames.", PotentialSpan),
        new(10, "T_stable", "frames", "Number of the first frame, from 1, that opens a quiet window; if none, of frames.", WholeNumber, true),
        new(11, "E_trend", "mV^2/frame", "Slope over the frames of the sum of the squared potentials.", ParameterRange.Finite),
        new(12, "f_active", "1", "Share of the last frame's cells above the low threshold.", Share),
        new(13, "N_clusters_low", "1", "Clusters of cells above the low threshold in the last frame.", WholeNumber, true),
        new(14, "N_clusters_med", "1", "Clusters of cells above the medium threshold in the last frame.", WholeNumber, true),
        new(15, "N_clusters_high", "1", "Clusters of cells above the high threshold in the last frame.", WholeNumber, true),
        new(16, "max_cluster_size", "cells", "Cells of the largest cluster above the low threshold.", WholeNumber, true),
        new(17, "cluster_size_std", "cells", "Population standard deviation of the low clusters' sizes.", WholeNumber),
    ];
    /// <summary>A version as data sets name it: "4.1" or "5.0".</summary>
    /// <exception cref="ArgumentOutOfRangeException">The version is unknown.</exception>
    public static string Label(DefinitionVersion version) => version switch
    {
        DefinitionVersion.V41 => "4.1",
        DefinitionVersion.V50 => "5.0",
        _ => throw new ArgumentOutOfRangeException(nameof(version), version, "Unknown version."),
    };
}
