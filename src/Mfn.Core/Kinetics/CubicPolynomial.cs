using System.Collections.Immutable;
using Mfn.Core.Specs;

namespace Mfn.Core.Kinetics;

/// <summary>Two species with any polynomials up to the third degree: kinetics of the caller's own.</summary>
public sealed class CubicPolynomial : KineticsModel
{
    /// <summary>The powers of u and v in each term, in the order of the coefficients.</summary>
    public static ImmutableArray<(int U, int V)> Terms { get; } = [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2), (3, 0), (2, 1), (1, 2), (0, 3)];

    internal CubicPolynomial()
    {
    }

    /// <inheritdoc/>
    public override string Name => "cubic";

    /// <inheritdoc/>
    public override ImmutableArray<string> Species { get; } = ["u", "v"];

    /// <inheritdoc/>
    public override ImmutableArray<KineticsParameter> Parameters { get; } =
    [
        .. Terms.Select(term => Coefficient('f', 'u', term)),
        .. Terms.Select(term => Coefficient('g', 'v', term)),
        new("Du", "u_diffusion", 1, new(0, double.MaxValue), "diffusion coefficient of u"),
        new("Dv", "v_diffusion", 1, new(0, double.MaxValue), "diffusion coefficient of v"),
    ];

    /// <inheritdoc/>
    public override ImmutableArray<string> Equations { get; } =
    [
        "∂u/∂t = Du ∇²u + f00 + f10 u + f01 v + f20 u² + f11 u v + f02 v² + f30 u³ + f21 u² v + f12 u v² + f03 v³",
        "∂v/∂t = Dv ∇²v + g00 + g10 u + g01 v + g20 u² + g11 u v + g02 v² + g30 u³ + g21 u² v + g12 u v² + g03 v³",
    ];

    /// <inheritdoc/>
    public override string Source => "the general polynomial of the third degree";

    /// <inheritdoc/>
    public override double DefaultCellWidth => 1;

    /// <inheritdoc/>
    public override double DefaultTimeStep => 0.1;

    /// <inheritdoc/>
    public override InitialPattern DefaultInitial { get; } = new() { Uniform = [0, 0], Noise = 0.01 };

    /// <inheritdoc/>
    public override double Diffusion(ReadOnlySpan<double> values, int species) => values[(2 * Terms.Length) + species];

    /// <inheritdoc/>
    public override void Rates(ReadOnlySpan<double> values, ReadOnlySpan<double> state, Span<double> rates)
    {
        for (var species = 0; species < 2; species++)
        {
            rates[species] = Sum(values.Slice(species * Terms.Length, Terms.Length), state[0], state[1], 0, 0);
        }
    }

    /// <inheritdoc/>
    public override void Jacobian(ReadOnlySpan<double> values, ReadOnlySpan<double> state, Span<double> derivatives)
    {
        for (var species = 0; species < 2; species++)
        {
            var coefficients = values.Slice(species * Terms.Length, Terms.Length);
            derivatives[2 * species] = Sum(coefficients, state[0], state[1], 1, 0);
            derivatives[(2 * species) + 1] = Sum(coefficients, state[0], state[1], 0, 1);
        }
    }

    private static KineticsParameter Coefficient(char rate, char species, (int U, int V) term) =>
        new($"{rate}{term.U}{term.V}", $"{rate}{term.U}{term.V}", 0, ParameterRange.Finite, $"coefficient of u^{term.U} v^{term.V} in the rate of {species}");

    /// <summary>The polynomial, or its derivative by u or v.</summary>
    private static double Sum(ReadOnlySpan<double> coefficients, double u, double v, int byU, int byV)
    {
        var sum = 0.0;
        for (var i = 0; i < coefficients.Length; i++)
        {
            var (powerOfU, powerOfV) = Terms[i];
            sum += coefficients[i] * Derivative(u, powerOfU, byU) * Derivative(v, powerOfV, byV);
        }

        return sum;
    }

    private static double Derivative(double value, int power, int times) => (times, power) switch
    {
        (0, _) => Power(value, power),
        (_, 0) => 0,
        _ => power * Power(value, power - 1),
    };

    private static double Power(double value, int power) => power switch
    {
        0 => 1,
        1 => value,
        2 => value * value,
        _ => value * value * value,
    };
}
