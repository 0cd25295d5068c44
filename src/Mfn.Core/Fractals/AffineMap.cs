namespace Mfn.Core.Fractals;

/// <summary>The map of the plane that takes (x, y) to (A x + B y + E, C x + D y + F).</summary>
public readonly record struct AffineMap(double A, double B, double C, double D, double E, double F)
{
    /// <summary>The factor by which the map multiplies areas; negative if it also reflects.</summary>
    public double Determinant => (A * D) - (B * C);

    /// <summary>The greatest factor by which the map multiplies a distance: the largest singular value of its linear part.</summary>
    public double LargestStretch
    {
        get
        {
            var sumOfSquares = (A * A) + (B * B) + (C * C) + (D * D);
            var discriminant = (sumOfSquares * sumOfSquares) - (4.0 * Determinant * Determinant);
            return Math.Sqrt((sumOfSquares + Math.Sqrt(Math.Max(discriminant, 0.0))) / 2.0);
        }
    }

    /// <summary>Where the map takes a point.</summary>
    public PlanePoint Apply(PlanePoint point) =>
        new((A * point.X) + (B * point.Y) + E, (C * point.X) + (D * point.Y) + F);
}
