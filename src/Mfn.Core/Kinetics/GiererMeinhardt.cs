using System.Collections.Immutable;

namespace Mfn.Core.Kinetics;

/// <summary>Gierer and Meinhardt: a short-ranged activator and a long-ranged inhibitor. Spots and stripes of animals.</summary>
public sealed class GiererMeinhardt : KineticsModel
{
    internal GiererMeinhardt()
    {
    }

    /// <inheritdoc/>
    public override string Name => "gierer-meinhardt";

    /// <inheritdoc/>
    public override ImmutableArray<string> Species { get; } = ["u", "v"];

    /// <inheritdoc/>
    public override ImmutableArray<KineticsParameter> Parameters { get; } =
    [
        new("b", "decay_rate", 0.5, new(0, double.MaxValue), "decay of the activator"),
        new("d", "diffusion_ratio", 20, new(0, double.MaxValue), "diffusion coefficient of the inhibitor; that of the activator is 1"),
    ];

    /// <inheritdoc/>
    public override ImmutableArray<string> Equations { get; } =
    [
        "∂u/∂t = ∇²u + u² / v − b u",
        "∂v/∂t = d ∇²v + u² − v",
    ];

    /// <inheritdoc/>
    public override string Source => "Gierer and Meinhardt 1972, Kybernetik 12:30";

    /// <inheritdoc/>
    public override double DefaultCellWidth => 0.5;

    /// <inheritdoc/>
    public override double DefaultTimeStep => 0.0025;

    /// <inheritdoc/>
    public override InitialPattern DefaultInitial { get; } = new() { Noise = 0.01 };

    /// <inheritdoc/>
    public override ImmutableArray<double> HomogeneousState(ReadOnlySpan<double> values) =>
        [1 / values[0], 1 / (values[0] * values[0])];

    /// <inheritdoc/>
    public override double Diffusion(ReadOnlySpan<double> values, int species) => species == 0 ? 1 : values[1];

    /// <inheritdoc/>
    public override void Rates(ReadOnlySpan<double> values, ReadOnlySpan<double> state, Span<double> rates)
    {
        var (u, v) = (state[0], state[1]);
        var b = values[0];
        rates[0] = (u * u / v) - (b * u);
        rates[1] = (u * u) - v;
    }

    /// <inheritdoc/>
    public override void Jacobian(ReadOnlySpan<double> values, ReadOnlySpan<double> state, Span<double> derivatives)
    {
        var (u, v) = (state[0], state[1]);
        var b = values[0];
        derivatives[0] = (2 * u / v) - b;
        derivatives[1] = -u * u / (v * v);
        derivatives[2] = 2 * u;
        derivatives[3] = -1;
    }
}
