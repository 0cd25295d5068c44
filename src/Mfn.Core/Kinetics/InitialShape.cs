namespace Mfn.Core.Kinetics;

/// <summary>Where an initial state has other concentrations than the uniform ones.</summary>
public enum InitialShape
{
    /// <summary>Nowhere.</summary>
    None,

    /// <summary>In discs at drawn places.</summary>
    Patches,

    /// <summary>In bands of rows, equally spaced.</summary>
    Stripes,

    /// <summary>In one disc in the middle.</summary>
    Centre,

    /// <summary>In one half (the upper rows), with the second species' inside value in the left half: how spiral waves begin.</summary>
    Quadrant,
}
