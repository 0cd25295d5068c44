using System.Collections.Immutable;

namespace Mfn.Core.Kinetics;

/// <summary>Gray and Scott: v feeds on u, which is fed, and both are washed out. Spots that divide, worms, mazes, waves.</summary>
public sealed class GrayScott : KineticsModel
{
    internal GrayScott()
    {
    }

    /// <inheritdoc/>
    public override string Name => "gray-scott";

    /// <inheritdoc/>
    public override ImmutableArray<string> Species { get; } = ["u", "v"];

    /// <inheritdoc/>
    public override ImmutableArray<KineticsParameter> Parameters { get; } =
    [
        new("F", "feed_rate", 0.037, new(0, 1), "rate at which u is fed, and both are washed out"),
        new("k", "kill_rate", 0.06, new(0, 1), "rate at which v decays besides"),
        new("Du", "u_diffusion", 0.16, new(0, double.MaxValue), "diffusion coefficient of u"),
        new("Dv", "v_diffusion", 0.08, new(0, double.MaxValue), "diffusion coefficient of v"),
    ];

    /// <inheritdoc/>
    public override ImmutableArray<string> Equations { get; } =
    [
        "∂u/∂t = Du ∇²u − u v² + F (1 − u)",
        "∂v/∂t = Dv ∇²v + u v² − (F + k) v",
    ];

    /// <inheritdoc/>
    public override string Source => "Pearson 1993, Science 261:189; Munafo 2014, arXiv:1501.01990";

    /// <inheritdoc/>
    public override double DefaultCellWidth => 1;

    /// <inheritdoc/>
    public override double DefaultTimeStep => 1;

    /// <inheritdoc/>
    public override InitialPattern DefaultInitial { get; } = new()
    {
        Uniform = [1, 0],
        Noise = 0.01,
        Shape = InitialShape.Patches,
        Inside = [0.5, 0.25],
        PatchCount = 12,
        Size = 5,
    };

    /// <inheritdoc/>
    public override ImmutableArray<double> HomogeneousState(ReadOnlySpan<double> values) =>
        [1, 0];

    /// <inheritdoc/>
    public override double Diffusion(ReadOnlySpan<double> values, int species) => values[2 + species];

    /// <inheritdoc/>
    public override void Rates(ReadOnlySpan<double> values, ReadOnlySpan<double> state, Span<double> rates)
    {
        var (u, v) = (state[0], state[1]);
        var feed = values[0];
        var kill = values[1];
        rates[0] = (-u * v * v) + (feed * (1 - u));
        rates[1] = (u * v * v) - ((feed + kill) * v);
    }

    /// <inheritdoc/>
    public override void Jacobian(ReadOnlySpan<double> values, ReadOnlySpan<double> state, Span<double> derivatives)
    {
        var (u, v) = (state[0], state[1]);
        var feed = values[0];
        var kill = values[1];
        derivatives[0] = (-v * v) - feed;
        derivatives[1] = -2 * u * v;
        derivatives[2] = v * v;
        derivatives[3] = (2 * u * v) - (feed + kill);
    }
}
