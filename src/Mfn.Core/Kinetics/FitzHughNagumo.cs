using System.Collections.Immutable;
using Mfn.Core.Specs;

namespace Mfn.Core.Kinetics;

/// <summary>FitzHugh and Nagumo, with the constants published for the excitation of fungal mycelium: waves that an excitable medium carries.</summary>
public sealed class FitzHughNagumo : KineticsModel
{
    internal FitzHughNagumo()
    {
    }

    /// <inheritdoc/>
    public override string Name => "fitzhugh-nagumo";

    /// <inheritdoc/>
    public override ImmutableArray<string> Species { get; } = ["u", "v"];

    /// <inheritdoc/>
    public override ImmutableArray<KineticsParameter> Parameters { get; } =
    [
        new("a", "threshold", 0.13, ParameterRange.Finite, "excitation threshold of u"),
        new("b", "recovery_rate", 0.013, new(0, double.MaxValue), "rate at which v follows u"),
        new("c1", "excitation_rate", 0.26, ParameterRange.Finite, "rate of excitation"),
        new("c2", "inhibition_rate", 0.05, ParameterRange.Finite, "rate at which v inhibits u; larger is less excitable"),
        new("I", "current", 0, ParameterRange.Finite, "external current"),
        new("Du", "u_diffusion", 1, new(0, double.MaxValue), "diffusion coefficient of u"),
        new("Dv", "v_diffusion", 0, new(0, double.MaxValue), "diffusion coefficient of v"),
    ];

    /// <inheritdoc/>
    public override ImmutableArray<string> Equations { get; } =
    [
        "∂u/∂t = Du ∇²u + c1 u (u − a) (1 − u) − c2 u v + I",
        "∂v/∂t = Dv ∇²v + b (u − v)",
    ];

    /// <inheritdoc/>
    public override string Source => "Adamatzky et al. 2020, arXiv:2002.09680";

    /// <inheritdoc/>
    public override double DefaultCellWidth => 2;

    /// <inheritdoc/>
    public override double DefaultTimeStep => 0.015;

    /// <inheritdoc/>
    public override InitialPattern DefaultInitial { get; } = new()
    {
        Uniform = [0, 0],
        Shape = InitialShape.Centre,
        Inside = [1, 0],
        Size = 10,
    };

    /// <inheritdoc/>
    public override double Diffusion(ReadOnlySpan<double> values, int species) => values[5 + species];

    /// <inheritdoc/>
    public override void Rates(ReadOnlySpan<double> values, ReadOnlySpan<double> state, Span<double> rates)
    {
        var (u, v) = (state[0], state[1]);
        var a = values[0];
        var b = values[1];
        var c1 = values[2];
        var c2 = values[3];
        var current = values[4];
        rates[0] = (c1 * u * (u - a) * (1 - u)) - (c2 * u * v) + current;
        rates[1] = b * (u - v);
    }

    /// <inheritdoc/>
    public override void Jacobian(ReadOnlySpan<double> values, ReadOnlySpan<double> state, Span<double> derivatives)
    {
        var (u, v) = (state[0], state[1]);
        var a = values[0];
        var b = values[1];
        var c1 = values[2];
        var c2 = values[3];
        derivatives[0] = (c1 * ((2 * (1 + a) * u) - (3 * u * u) - a)) - (c2 * v);
        derivatives[1] = -c2 * u;
        derivatives[2] = b;
        derivatives[3] = -b;
    }
}
