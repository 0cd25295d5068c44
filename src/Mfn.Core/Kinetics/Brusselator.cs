using System.Collections.Immutable;
using Mfn.Core.Specs;

namespace Mfn.Core.Kinetics;

/// <summary>The Brusselator of Prigogine and Lefever: oscillations, and hexagons or stripes.</summary>
public sealed class Brusselator : KineticsModel
{
    internal Brusselator()
    {
    }

    /// <inheritdoc/>
    public override string Name => "brusselator";

    /// <inheritdoc/>
    public override ImmutableArray<string> Species { get; } = ["u", "v"];

    /// <inheritdoc/>
    public override ImmutableArray<KineticsParameter> Parameters { get; } =
    [
        new("A", "a", 4.5, ParameterRange.Finite, "supply of u"),
        new("B", "b", 7.5, ParameterRange.Finite, "rate at which u becomes v"),
        new("Du", "u_diffusion", 2, new(0, double.MaxValue), "diffusion coefficient of u"),
        new("Dv", "v_diffusion", 16, new(0, double.MaxValue), "diffusion coefficient of v"),
    ];

    /// <inheritdoc/>
    public override ImmutableArray<string> Equations { get; } =
    [
        "∂u/∂t = Du ∇²u + A − (B + 1) u + u² v",
        "∂v/∂t = Dv ∇²v + B u − u² v",
    ];

    /// <inheritdoc/>
    public override string Source => "Prigogine and Lefever 1968, J. Chem. Phys. 48:1695";

    /// <inheritdoc/>
    public override double DefaultCellWidth => 0.5;

    /// <inheritdoc/>
    public override double DefaultTimeStep => 0.003;

    /// <inheritdoc/>
    public override InitialPattern DefaultInitial { get; } = new() { Noise = 0.01 };

    /// <inheritdoc/>
    public override ImmutableArray<double> HomogeneousState(ReadOnlySpan<double> values) =>
        [values[0], values[1] / values[0]];

    /// <inheritdoc/>
    public override double Diffusion(ReadOnlySpan<double> values, int species) => values[2 + species];

    /// <inheritdoc/>
    public override void Rates(ReadOnlySpan<double> values, ReadOnlySpan<double> state, Span<double> rates)
    {
        var (u, v) = (state[0], state[1]);
        var a = values[0];
        var b = values[1];
        rates[0] = a - ((b + 1) * u) + (u * u * v);
        rates[1] = (b * u) - (u * u * v);
    }

    /// <inheritdoc/>
    public override void Jacobian(ReadOnlySpan<double> values, ReadOnlySpan<double> state, Span<double> derivatives)
    {
        var (u, v) = (state[0], state[1]);
        var b = values[1];
        derivatives[0] = (2 * u * v) - (b + 1);
        derivatives[1] = u * u;
        derivatives[2] = b - (2 * u * v);
        derivatives[3] = -u * u;
    }
}
