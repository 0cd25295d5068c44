using System.Collections.Immutable;

namespace Mfn.Core.Kinetics;

/// <summary>
/// The equations of a reaction-diffusion system of one or two species on a plane, ∂u/∂t = D∇²u + f(u), with its parameters, their standard
/// set, and what a simulation of it needs by default. Here the equations are doubles, for analysis; the engine has them as vectors.
/// </summary>
public abstract class KineticsModel
{
    /// <summary>All models, in the order of the documentation.</summary>
    public static ImmutableArray<KineticsModel> All { get; } =
    [
        new GrayScott(), new FitzHughNagumo(), new Schnakenberg(), new Brusselator(), new GiererMeinhardt(), new Barkley(), new SwiftHohenberg(),
        new CubicPolynomial(),
    ];

    /// <summary>As contracts and command line name it: "gray-scott".</summary>
    public abstract string Name { get; }

    /// <summary>The species' symbols: one or two.</summary>
    public abstract ImmutableArray<string> Species { get; }

    /// <summary>The parameters, in the order of <see cref="KineticsSpec.Values"/>.</summary>
    public abstract ImmutableArray<KineticsParameter> Parameters { get; }

    /// <summary>The equations in plain text, a line a species.</summary>
    public abstract ImmutableArray<string> Equations { get; }

    /// <summary>Where equations and standard set come from.</summary>
    public abstract string Source { get; }

    /// <summary>The width of a cell by default, in the model's unit of length.</summary>
    public abstract double DefaultCellWidth { get; }

    /// <summary>The time step by default, in the model's unit of time; less where that is not stable.</summary>
    public abstract double DefaultTimeStep { get; }

    /// <summary>The model of a name, or null.</summary>
    public static KineticsModel? Find(string name) => All.FirstOrDefault(model => model.Name == name);

    /// <summary>The diffusion coefficient of a species.</summary>
    /// <param name="values">As many as there are parameters.</param>
    /// <param name="species">0 or 1.</param>
    public abstract double Diffusion(ReadOnlySpan<double> values, int species);

    /// <summary>What space does to the growth of a mode of a species, linear: −D q, where −q is what the Laplacian makes of the mode.</summary>
    /// <param name="values">As many as there are parameters.</param>
    /// <param name="species">0 or 1.</param>
    /// <param name="q">The squared wavenumber, or its discrete counterpart; at least 0.</param>
    public virtual double SpatialGrowth(ReadOnlySpan<double> values, int species, double q) => -Diffusion(values, species) * q;

    /// <summary>f at a state: each species' rate of change without what space does.</summary>
    /// <param name="values">As many as there are parameters.</param>
    /// <param name="state">A concentration a species.</param>
    /// <param name="rates">A rate a species.</param>
    public abstract void Rates(ReadOnlySpan<double> values, ReadOnlySpan<double> state, Span<double> rates);

    /// <summary>The derivatives of f at a state, row-major: of the first species' rate by each species, then of the second's.</summary>
    /// <param name="values">As many as there are parameters.</param>
    /// <param name="state">A concentration a species.</param>
    /// <param name="derivatives">As many as species squared.</param>
    public abstract void Jacobian(ReadOnlySpan<double> values, ReadOnlySpan<double> state, Span<double> derivatives);

    /// <summary>The uniform state that patterns grow from: a steady one, where the model's parameters are in its sense.</summary>
    /// <param name="values">As many as there are parameters.</param>
    public virtual ImmutableArray<double> HomogeneousState(ReadOnlySpan<double> values) => [.. Species.Select(_ => 0.0)];

    /// <summary>How a simulation begins if nobody says: what makes a pattern of the standard set.</summary>
    public abstract InitialPattern DefaultInitial { get; }
}
