using System.Collections.Immutable;
using Mfn.Core.Specs;

namespace Mfn.Core.Kinetics;

/// <summary>Schnakenberg: the least system of two species with an oscillation and a Turing instability. Spots.</summary>
public sealed class Schnakenberg : KineticsModel
{
    internal Schnakenberg()
    {
    }

    /// <inheritdoc/>
    public override string Name => "schnakenberg";

    /// <inheritdoc/>
    public override ImmutableArray<string> Species { get; } = ["u", "v"];

    /// <inheritdoc/>
    public override ImmutableArray<KineticsParameter> Parameters { get; } =
    [
        new("a", "a", 0.1, ParameterRange.Finite, "supply of u"),
        new("b", "b", 0.9, ParameterRange.Finite, "supply of v"),
        new("d", "diffusion_ratio", 40, new(0, double.MaxValue), "diffusion coefficient of v; that of u is 1"),
    ];

    /// <inheritdoc/>
    public override ImmutableArray<string> Equations { get; } =
    [
        "∂u/∂t = ∇²u + a − u + u² v",
        "∂v/∂t = d ∇²v + b − u² v",
    ];

    /// <inheritdoc/>
    public override string Source => "Schnakenberg 1979, J. Theor. Biol. 81:389";

    /// <inheritdoc/>
    public override double DefaultCellWidth => 0.5;

    /// <inheritdoc/>
    public override double DefaultTimeStep => 0.001;

    /// <inheritdoc/>
    public override InitialPattern DefaultInitial { get; } = new() { Noise = 0.01 };

    /// <inheritdoc/>
    public override ImmutableArray<double> HomogeneousState(ReadOnlySpan<double> values) =>
        [values[0] + values[1], values[1] / ((values[0] + values[1]) * (values[0] + values[1]))];

    /// <inheritdoc/>
    public override double Diffusion(ReadOnlySpan<double> values, int species) => species == 0 ? 1 : values[2];

    /// <inheritdoc/>
    public override void Rates(ReadOnlySpan<double> values, ReadOnlySpan<double> state, Span<double> rates)
    {
        var (u, v) = (state[0], state[1]);
        var a = values[0];
        var b = values[1];
        rates[0] = a - u + (u * u * v);
        rates[1] = b - (u * u * v);
    }

    /// <inheritdoc/>
    public override void Jacobian(ReadOnlySpan<double> values, ReadOnlySpan<double> state, Span<double> derivatives)
    {
        var (u, v) = (state[0], state[1]);
        derivatives[0] = (2 * u * v) - 1;
        derivatives[1] = u * u;
        derivatives[2] = -2 * u * v;
        derivatives[3] = -u * u;
    }
}
