namespace Mfn.Core.Membrane;

/// <summary>A side of a cell's membrane.</summary>
public enum MembraneSide
{
    /// <summary>Outside the cell.</summary>
    Outside,

    /// <summary>Inside the cell.</summary>
    Inside,
}
