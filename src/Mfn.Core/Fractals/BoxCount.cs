namespace Mfn.Core.Fractals;

/// <summary>How many boxes of one size contain a set cell.</summary>
/// <param name="BoxSize">The side of a box in cells.</param>
/// <param name="OccupiedCount">The boxes that contain at least one set cell.</param>
public readonly record struct BoxCount(int BoxSize, int OccupiedCount);
