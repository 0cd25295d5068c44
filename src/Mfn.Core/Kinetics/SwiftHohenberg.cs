using System.Collections.Immutable;
using Mfn.Core.Specs;

namespace Mfn.Core.Kinetics;

/// <summary>Swift and Hohenberg: one species whose wavelength space itself chooses. Stripes, and hexagons for g above 0. It has an energy that never rises.</summary>
public sealed class SwiftHohenberg : KineticsModel
{
    internal SwiftHohenberg()
    {
    }

    /// <inheritdoc/>
    public override string Name => "swift-hohenberg";

    /// <inheritdoc/>
    public override ImmutableArray<string> Species { get; } = ["u"];

    /// <inheritdoc/>
    public override ImmutableArray<KineticsParameter> Parameters { get; } =
    [
        new("r", "r", 0.3, ParameterRange.Finite, "distance from the onset"),
        new("g", "g", 0, ParameterRange.Finite, "strength of the quadratic term"),
    ];

    /// <inheritdoc/>
    public override ImmutableArray<string> Equations { get; } =
    [
        "∂u/∂t = r u − (1 + ∇²)² u + g u² − u³",
    ];

    /// <inheritdoc/>
    public override string Source => "Swift and Hohenberg 1977, Phys. Rev. A 15:319";

    /// <inheritdoc/>
    public override double DefaultCellWidth => 0.7853981633974483;

    /// <inheritdoc/>
    public override double DefaultTimeStep => 0.01;

    /// <inheritdoc/>
    public override InitialPattern DefaultInitial { get; } = new() { Uniform = [0], Noise = 0.01 };

    /// <inheritdoc/>
    public override double Diffusion(ReadOnlySpan<double> values, int species) => 0;

    /// <inheritdoc/>
    public override double SpatialGrowth(ReadOnlySpan<double> values, int species, double q) => -((1 - q) * (1 - q));

    /// <inheritdoc/>
    public override void Rates(ReadOnlySpan<double> values, ReadOnlySpan<double> state, Span<double> rates)
    {
        var u = state[0];
        var r = values[0];
        var g = values[1];
        rates[0] = (r * u) + (g * u * u) - (u * u * u);
    }

    /// <inheritdoc/>
    public override void Jacobian(ReadOnlySpan<double> values, ReadOnlySpan<double> state, Span<double> derivatives)
    {
        var u = state[0];
        var r = values[0];
        var g = values[1];
        derivatives[0] = r + (2 * g * u) - (3 * u * u);
    }
}
