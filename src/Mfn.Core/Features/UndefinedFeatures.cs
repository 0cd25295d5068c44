namespace Mfn.Core.Features;

/// <summary>
/// Which features of a vector are not defined for its history, and why. Their values are stand-ins: finite in version 5.0, the reference's
/// in 4.1.
/// </summary>
[Flags]
public enum UndefinedFeatures
{
    /// <summary>All values mean what their definitions say.</summary>
    None = 0,

    /// <summary>D_box and D_r2 are 0: fewer than two box sizes have an occupied box.</summary>
    DimensionOfTooFewBoxSizes = 1 << 0,

    /// <summary>D_r2 is 0: the box counts are equal at all sizes, so there is nothing to explain.</summary>
    FitOfEqualBoxCounts = 1 << 1,

    /// <summary>V_skew and V_kurt are 0: the last frame's standard deviation is at most 1e-10 mV, or not a number.</summary>
    ShapeOfConstantField = 1 << 2,

    /// <summary>dV_mean, dV_max, T_stable and E_trend are 0: there is only one frame.</summary>
    DynamicsOfSingleFrame = 1 << 3,

    /// <summary>T_stable is the number of frames: the field was not quiet for a whole window.</summary>
    StabilityNotReached = 1 << 4,

    /// <summary>cluster_size_std is 0: there are fewer than two low clusters.</summary>
    DeviationOfTooFewClusters = 1 << 5,

    /// <summary>
    /// A value overflowed, or depends on a cell that is not finite. Version 5.0 puts 0 in its place, version 4.1 leaves it NaN or infinite.
    /// </summary>
    NonFinite = 1 << 6,
}
