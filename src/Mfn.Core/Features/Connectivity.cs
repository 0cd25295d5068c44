namespace Mfn.Core.Features;

/// <summary>Which neighbours of a cell belong to its cluster.</summary>
public enum Connectivity
{
    /// <summary>Those above, below, left and right.</summary>
    Four = 4,

    /// <summary>Those and the four diagonal ones.</summary>
    Eight = 8,
}
