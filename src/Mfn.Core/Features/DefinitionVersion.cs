namespace Mfn.Core.Features;

/// <summary>How the features are defined. Vectors of different versions must not be mixed in one data set.</summary>
public enum DefinitionVersion
{
    /// <summary>"4.1": the reference's numbers, with its box sizes (2, 4, 7, 16, 32) and its silent zeros and NaNs.</summary>
    V41,

    /// <summary>
    /// "5.0": box sizes double exactly (2, 4, 8, 16, 32); T_stable counts frames, so that a window of w frames is w - 1 differences and a
    /// history of exactly w quiet frames is stable; every value is finite, and one that is undefined is flagged.
    /// </summary>
    V50,
}
