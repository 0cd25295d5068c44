namespace Mfn.Core.Fractals;

/// <summary>How many boxes of a mesh contain a set cell.</summary>
/// <param name="Side">The side of a box in cells; see <see cref="BoxMesh.Side"/>.</param>
/// <param name="OccupiedCount">The boxes that contain at least one set cell.</param>
public readonly record struct BoxCount(double Side, int OccupiedCount);
