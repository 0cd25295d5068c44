namespace Mfn.Core.Spectra;

/// <summary>
/// Phase singularities of two species that oscillate or are excitable: the points, such as the tips of spiral waves, about which the phase
/// arg(u − u*, v − v*) turns by 2π. They are where the lines u = u* and v = v* cross (D. Barkley, M. Kness and L. S. Tuckerman, 1990).
/// </summary>
public static class PhaseSingularities
{
    /// <summary>Counts them in the squares of four neighbouring cells, by the winding of (u − u*, v − v*).</summary>
    /// <param name="u">The first species, row-major.</param>
    /// <param name="v">The second species.</param>
    /// <param name="rowCount">At least 1.</param>
    /// <param name="columnCount">At least 1.</param>
    /// <param name="uCentre">u*, within the loop that the kinetics run through.</param>
    /// <param name="vCentre">v*.</param>
    /// <param name="isPeriodic">Whether opposite rims are neighbours.</param>
    /// <exception cref="ArgumentException">A species has not rows x columns values.</exception>
    public static DefectCounts Count(
        ReadOnlySpan<double> u, ReadOnlySpan<double> v, int rowCount, int columnCount, double uCentre, double vCentre, bool isPeriodic)
    {
        PlaneShape.Check(u, rowCount, columnCount);
        PlaneShape.Check(v, rowCount, columnCount);
        var (x, y) = (new double[u.Length], new double[v.Length]);
        for (var cell = 0; cell < x.Length; cell++)
        {
            (x[cell], y[cell]) = (u[cell] - uCentre, v[cell] - vCentre);
        }

        return Winding.Count(x, y, rowCount, columnCount, isPeriodic);
    }
}
