using System.Collections.Immutable;
using Mfn.Core.Kinetics;

namespace Mfn.Core.Stability;

/// <summary>A uniform state that reaction alone does not change, and what becomes of small perturbations of it, on an endless plane.</summary>
public sealed record SteadyState
{
    internal SteadyState(KineticsSpec kinetics, ImmutableArray<double> values)
    {
        Values = values;
        Dispersion = new DispersionRelation(kinetics, values.AsSpan());
        var tolerance = Dispersion.Tolerance;
        var (uniform, frequency) = Dispersion.Fastest(0);
        var (q, growth) = Dispersion.FastestOfAll();
        UniformGrowthRate = uniform;
        Period = frequency > tolerance ? 2 * Math.PI / frequency : null;
        FastestGrowthRate = growth;
        FastestWavenumber = Math.Sqrt(q);
        Band = Dispersion.Band();
        IsDegenerate = Period is null && (Math.Abs(uniform) <= tolerance || Math.Abs(Dispersion.Slowest(0).Growth) <= tolerance);
        Verdict = uniform >= -tolerance ? (Period is null ? StabilityVerdict.Unstable : StabilityVerdict.Hopf)
            : growth > tolerance ? StabilityVerdict.Turing
            : StabilityVerdict.Stable;
    }

    /// <summary>A concentration a species.</summary>
    public ImmutableArray<double> Values { get; }

    /// <summary>The growth rates of all modes.</summary>
    public DispersionRelation Dispersion { get; }

    /// <summary>What becomes of small perturbations.</summary>
    public StabilityVerdict Verdict { get; }

    /// <summary>Whether the Jacobian is singular, so that linear theory says nothing of some uniform perturbation: it neither grows nor dies out.</summary>
    public bool IsDegenerate { get; }

    /// <summary>How fast a uniform perturbation grows; negative if it dies out.</summary>
    public double UniformGrowthRate { get; }

    /// <summary>The period of small uniform oscillations around the state, growing or dying out; null if there are none. Large ones can have another.</summary>
    public double? Period { get; }

    /// <summary>The largest growth rate of any mode; negative if all die out.</summary>
    public double FastestGrowthRate { get; }

    /// <summary>The wavenumber of that mode, in radians a unit of length; 0 if it is the uniform one, infinite if shorter waves always grow faster.</summary>
    public double FastestWavenumber { get; }

    /// <summary>The wavelength of that mode; null if it is the uniform one or shorter waves always grow faster.</summary>
    public double? FastestWavelength => FastestWavenumber is > 0 and < double.PositiveInfinity ? 2 * Math.PI / FastestWavenumber : null;

    /// <summary>The wavenumbers that grow, next to the fastest; null if none does.</summary>
    public WavenumberBand? Band { get; }

    /// <summary>Whether two are the same: the kinetics' are computed from their values.</summary>
    public bool Equals(SteadyState? other) => other is not null && Values.AsSpan().SequenceEqual(other.Values.AsSpan())
        && Dispersion.Jacobian.AsSpan().SequenceEqual(other.Dispersion.Jacobian.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => Values[0].GetHashCode();
}
