using Mfn.Core.Features;

namespace Mfn.Core.Spectra;

/// <summary>What pattern features are to assume.</summary>
public sealed record PatternFeatureOptions
{
    /// <summary>Distance of two neighbouring cells' centres: finite, above 0.</summary>
    public double CellWidth { get; init; } = 1;

    /// <summary>Whether opposite rims are neighbours.</summary>
    public bool IsPeriodic { get; init; } = true;

    /// <summary>What a spot's cells are above; null for the middle between the least and the largest value.</summary>
    public double? Threshold { get; init; }

    /// <summary>Which cells are neighbours within a spot.</summary>
    public Connectivity Connectivity { get; init; } = Connectivity.Four;
}
