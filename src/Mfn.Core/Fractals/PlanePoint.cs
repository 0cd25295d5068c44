namespace Mfn.Core.Fractals;

/// <summary>A point of the plane; its coordinates have no unit.</summary>
public readonly record struct PlanePoint(double X, double Y);
