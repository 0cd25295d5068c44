namespace Mfn.Core.Membrane;

/// <summary>A concentration below the reference's floor, for which the floor was taken.</summary>
/// <param name="Ion">The ion's place among the ions, from 0.</param>
/// <param name="Side">Where the concentration is.</param>
public readonly record struct RaisedConcentration(int Ion, MembraneSide Side);
