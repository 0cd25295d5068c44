using System.Collections.Immutable;
using Mfn.Core.Specs;

namespace Mfn.Core.Kinetics;

/// <summary>Barkley: an excitable medium that is fast to compute. Spiral waves.</summary>
public sealed class Barkley : KineticsModel
{
    internal Barkley()
    {
    }

    /// <inheritdoc/>
    public override string Name => "barkley";

    /// <inheritdoc/>
    public override ImmutableArray<string> Species { get; } = ["u", "v"];

    /// <inheritdoc/>
    public override ImmutableArray<KineticsParameter> Parameters { get; } =
    [
        new("a", "a", 0.75, new(double.Epsilon, double.MaxValue), "excitation threshold is (v + b) / a"),
        new("b", "b", 0.01, ParameterRange.Finite, "excitation threshold is (v + b) / a"),
        new("eps", "epsilon", 0.02, new(double.Epsilon, double.MaxValue), "ratio of the time scales of u and v"),
        new("Du", "u_diffusion", 1, new(0, double.MaxValue), "diffusion coefficient of u"),
        new("Dv", "v_diffusion", 0, new(0, double.MaxValue), "diffusion coefficient of v"),
    ];

    /// <inheritdoc/>
    public override ImmutableArray<string> Equations { get; } =
    [
        "∂u/∂t = Du ∇²u + u (1 − u) (u − (v + b) / a) / eps",
        "∂v/∂t = Dv ∇²v + u − v",
    ];

    /// <inheritdoc/>
    public override string Source => "Barkley 1991, Physica D 49:61";

    /// <inheritdoc/>
    public override double DefaultCellWidth => 0.25;

    /// <inheritdoc/>
    public override double DefaultTimeStep => 0.004;

    /// <inheritdoc/>
    public override InitialPattern DefaultInitial { get; } = new()
    {
        Uniform = [0, 0],
        Shape = InitialShape.Quadrant,
        Inside = [1, 0.375],
    };

    /// <inheritdoc/>
    public override double Diffusion(ReadOnlySpan<double> values, int species) => values[3 + species];

    /// <inheritdoc/>
    public override void Rates(ReadOnlySpan<double> values, ReadOnlySpan<double> state, Span<double> rates)
    {
        var (u, v) = (state[0], state[1]);
        var a = values[0];
        var b = values[1];
        var epsilon = values[2];
        rates[0] = u * (1 - u) * (u - ((v + b) / a)) / epsilon;
        rates[1] = u - v;
    }

    /// <inheritdoc/>
    public override void Jacobian(ReadOnlySpan<double> values, ReadOnlySpan<double> state, Span<double> derivatives)
    {
        var (u, v) = (state[0], state[1]);
        var a = values[0];
        var b = values[1];
        var epsilon = values[2];
        derivatives[0] = ((2 * u) - (3 * u * u) - ((1 - (2 * u)) * (v + b) / a)) / epsilon;
        derivatives[1] = -u * (1 - u) / (a * epsilon);
        derivatives[2] = 1;
        derivatives[3] = -1;
    }
}
