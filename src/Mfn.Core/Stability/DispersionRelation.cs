using System.Collections.Immutable;
using Mfn.Core.Kinetics;

namespace Mfn.Core.Stability;

/// <summary>
/// How fast small perturbations of a uniform steady state grow, by q, the squared wavenumber or what a discrete Laplacian has in its place: the
/// eigenvalues of the Jacobian plus what space adds on its diagonal.
/// </summary>
public sealed class DispersionRelation
{
    private readonly KineticsSpec _kinetics;
    private readonly double _fu;
    private readonly double _fv;
    private readonly double _gu;
    private readonly double _gv;

    /// <summary>That of a state.</summary>
    /// <param name="kinetics">The equations.</param>
    /// <param name="state">A concentration a species: a steady state.</param>
    public DispersionRelation(KineticsSpec kinetics, ReadOnlySpan<double> state)
    {
        ArgumentNullException.ThrowIfNull(kinetics);
        _kinetics = kinetics;
        var jacobian = new double[kinetics.SpeciesCount * kinetics.SpeciesCount];
        kinetics.Model.Jacobian(kinetics.Values.AsSpan(), state, jacobian);
        Jacobian = [.. jacobian];
        _fu = jacobian[0];
        if (jacobian.Length > 1)
        {
            (_fv, _gu, _gv) = (jacobian[1], jacobian[2], jacobian[3]);
        }
    }

    /// <summary>The derivatives of the reaction, row-major.</summary>
    public ImmutableArray<double> Jacobian { get; }

    /// <summary>What counts as 0 among growth rates: rounding errors of the Jacobian's size.</summary>
    public double Tolerance => 1e-12 * Jacobian.Max(value => Math.Abs(value));

    /// <summary>The eigenvalue with the largest real part: its growth rate, and its angular frequency, 0 if it is real.</summary>
    public (double Growth, double Frequency) Fastest(double q)
    {
        var (mean, discriminant, determinant) = Characteristic(q);
        if (_kinetics.SpeciesCount == 1 || discriminant < 0)
        {
            return (mean, _kinetics.SpeciesCount == 1 ? 0 : Math.Sqrt(-discriminant));
        }

        // Not mean + √…, in which little is left where both nearly cancel.
        var root = Math.Sqrt(discriminant);
        return (mean < 0 ? determinant / (mean - root) : mean + root, 0);
    }

    /// <summary>The eigenvalue with the least real part.</summary>
    public (double Growth, double Frequency) Slowest(double q)
    {
        var (mean, discriminant, determinant) = Characteristic(q);
        if (_kinetics.SpeciesCount == 1 || discriminant < 0)
        {
            return (mean, _kinetics.SpeciesCount == 1 ? 0 : Math.Sqrt(-discriminant));
        }

        var root = Math.Sqrt(discriminant);
        return (mean > 0 ? determinant / (mean + root) : mean - root, 0);
    }

    /// <summary>
    /// The q of the fastest growth, and that growth rate. Of two species that both diffuse it is 0 or, if f_v g_u is negative, one of the two
    /// [±(Du + Dv) √(−f_v g_u / (Du Dv)) − (f_u − g_v)] / (Dv − Du). It is infinite if a species that does not diffuse grows by itself: then
    /// shorter waves always grow faster.
    /// </summary>
    public (double Q, double Growth) FastestOfAll()
    {
        if (_kinetics.SpeciesCount == 1)
        {
            // Swift and Hohenberg's −(1 − q)².
            return Faster((0, Fastest(0).Growth), (1, Fastest(1).Growth));
        }

        var (du, dv) = (_kinetics.Diffusion(0), _kinetics.Diffusion(1));
        var best = (Q: 0.0, Fastest(0).Growth);
        if (_fv * _gu < 0)
        {
            if (du > 0 && dv > 0 && du != dv)
            {
                var root = (du + dv) * Math.Sqrt(-_fv / du * (_gu / dv));
                foreach (var signed in (ReadOnlySpan<double>)[root, -root])
                {
                    var q = (signed - (_fu - _gv)) / (dv - du);
                    if (q > 0 && double.IsFinite(q))
                    {
                        best = Faster(best, (q, Fastest(q).Growth));
                    }
                }
            }
            else if ((du == 0) != (dv == 0))
            {
                best = Faster(best, (double.PositiveInfinity, du == 0 ? _fu : _gv));
            }
        }

        return best;
    }

    /// <summary>The wavenumbers around the fastest growing one that grow; null if none does.</summary>
    public WavenumberBand? Band()
    {
        var (fastest, growth) = FastestOfAll();
        if (growth <= Tolerance)
        {
            return null;
        }

        var (low, high) = (0.0, double.PositiveInfinity);
        foreach (var q in Edges())
        {
            if (q < fastest)
            {
                low = Math.Max(low, q);
            }
            else if (q > fastest)
            {
                high = Math.Min(high, q);
            }
        }

        return new WavenumberBand(Math.Sqrt(low), Math.Sqrt(high));
    }

    private static (double Q, double Growth) Faster((double Q, double Growth) one, (double Q, double Growth) other) => other.Growth > one.Growth ? other : one;

    /// <summary>The q above 0 where a mode begins or ceases to grow.</summary>
    private IEnumerable<double> Edges()
    {
        if (_kinetics.SpeciesCount == 1)
        {
            var root = Math.Sqrt(Math.Max(_fu, 0));
            return new[] { 1 - root, 1 + root }.Where(q => q > 0);
        }

        // Where the trace or the determinant of the matrix is 0 and the growth rate with it.
        var (du, dv) = (_kinetics.Diffusion(0), _kinetics.Diffusion(1));
        var (trace, determinant) = (_fu + _gv, (_fu * _gv) - (_fv * _gu));
        List<double> edges = [trace / (du + dv)];
        var (square, linear) = (du * dv, (dv * _fu) + (du * _gv));
        if (square == 0)
        {
            edges.Add(determinant / linear);
        }
        else if ((linear * linear) - (4 * square * determinant) is >= 0 and var discriminant)
        {
            // Without cancellation: the root of larger size, and the other by their product.
            var sum = linear + Math.CopySign(Math.Sqrt(discriminant), linear);
            edges.Add(sum / (2 * square));
            edges.Add(2 * determinant / sum);
        }

        return edges.Where(q => q > 0 && double.IsFinite(q) && Math.Abs(Fastest(q).Growth) <= 1e-6 * (Jacobian.Max(value => Math.Abs(value)) + ((du + dv) * q)));
    }

    private (double Mean, double Discriminant, double Determinant) Characteristic(double q)
    {
        var values = _kinetics.Values.AsSpan();
        var first = _fu + _kinetics.Model.SpatialGrowth(values, 0, q);
        if (_kinetics.SpeciesCount == 1)
        {
            return (first, 0, first);
        }

        var second = _gv + _kinetics.Model.SpatialGrowth(values, 1, q);
        var half = (first - second) / 2;
        return ((first + second) / 2, (half * half) + (_fv * _gu), (first * second) - (_fv * _gu));
    }
}
