using System.Collections.Immutable;
using Mfn.Core.Kinetics;

namespace Mfn.Core.Stability;

/// <summary>
/// All uniform steady states of a kinetic model, or why there are none. Found by the roots of polynomials, each model's own, which are computed
/// exactly (<see cref="ExactPolynomial"/>), and by + − × ÷ alone: the same bits everywhere.
/// </summary>
public sealed record UniformSteadyStates
{
    /// <summary>States further from 0 are not looked for: no field may hold them.</summary>
    public const double Limit = 1e9;

    private UniformSteadyStates(KineticsSpec kinetics, IEnumerable<ImmutableArray<double>> states, (SteadyStateAbsence Kind, string Reason)? absence)
    {
        Kinetics = kinetics;
        Absence = absence?.Kind;
        Remark = absence?.Reason;
        States =
        [
            .. states
                .Where(values => values.All(value => Math.Abs(value) <= Limit))
                .Select(values => Polish(kinetics, values))
                .OrderBy(values => values[0]).ThenBy(values => values[^1])
                .Select(values => new SteadyState(kinetics, values)),
        ];
        if (States.IsEmpty && absence is null)
        {
            (Absence, Remark) = (SteadyStateAbsence.None, "There is no uniform steady state between -1e9 and 1e9, beyond which no field may be.");
        }
    }

    /// <summary>Whose states they are.</summary>
    public KineticsSpec Kinetics { get; }

    /// <summary>The states, by the first species' concentration, then the second's.</summary>
    public ImmutableArray<SteadyState> States { get; }

    /// <summary>Which kind of reason there is for no state to be listed; null if there are some.</summary>
    public SteadyStateAbsence? Absence { get; }

    /// <summary>That reason in a sentence; null if there are some.</summary>
    public string? Remark { get; }

    /// <summary>The state whose fastest mode grows fastest, the first if several do; null if there is none.</summary>
    public SteadyState? LeastStable => States.Length == 0 ? null : States.MaxBy(state => state.FastestGrowthRate);

    /// <summary>Those of a model with its parameters.</summary>
    /// <exception cref="ArgumentException">A parameter is out of its range.</exception>
    public static UniformSteadyStates Of(KineticsSpec kinetics)
    {
        ArgumentNullException.ThrowIfNull(kinetics);
        if (kinetics.FindProblems() is { Count: > 0 } problems)
        {
            throw new ArgumentException(string.Join(' ', problems), nameof(kinetics));
        }

        var values = kinetics.Values;
        var (states, absence) = kinetics.Model switch
        {
            GrayScott => OfGrayScott(values[0], values[1]),
            FitzHughNagumo => OfFitzHughNagumo(values[0], values[1], values[2], values[3], values[4]),
            Schnakenberg => OfSchnakenberg(values[0], values[1]),
            Brusselator => OfBrusselator(values[0], values[1]),
            GiererMeinhardt => OfGiererMeinhardt(values[0]),
            Barkley => OfBarkley(values[0], values[1]),
            SwiftHohenberg => (OfRoots([0, values[0] - 1, values[1], -1], u => [u]), null),
            CubicPolynomial => OfCubic(values.AsSpan()),
            var other => throw new ArgumentException($"Unknown model {other.Name}.", nameof(kinetics)),
        };
        return new UniformSteadyStates(
            kinetics, states, absence ?? (states.Count == 0 ? (SteadyStateAbsence.None, "There is no uniform steady state with real concentrations.") : null));
    }

    private static (List<ImmutableArray<double>> States, (SteadyStateAbsence Kind, string Reason)? Absence) OfGrayScott(double feed, double kill)
    {
        if (feed == 0)
        {
            return ([], (SteadyStateAbsence.Continuum, "Without feed (F = 0) every u is steady where v is 0: the states are a line, no points."));
        }

        // u² − u + (F + k)² / F = 0. At the saddle-node its discriminant is 0, within the rounding of F and k as decimal fractions.
        var loss = feed + kill;
        var discriminant = 1 - (4 * loss * loss / feed);
        List<ImmutableArray<double>> states = [[1, 0]];
        if (discriminant >= -1e-14)
        {
            var root = discriminant <= 1e-14 ? 0 : Math.Sqrt(discriminant);
            foreach (var larger in root == 0 ? [1.0] : (ReadOnlySpan<double>)[1 + root, 4 * loss * loss / feed / (1 + root)])
            {
                var u = larger / 2;
                states.Add([u, feed * (1 - u) / loss]);
            }
        }

        return (states, null);
    }

    private static (List<ImmutableArray<double>> States, (SteadyStateAbsence Kind, string Reason)? Absence) OfFitzHughNagumo(double a, double b, double c1, double c2, double current)
    {
        if (b == 0)
        {
            return ([], (SteadyStateAbsence.Continuum, "Without recovery (b = 0) v never changes: the steady states are a curve, no points."));
        }

        return c1 == 0 && c2 == 0 && current == 0
            ? ([], (SteadyStateAbsence.Continuum, "Without excitation, inhibition and current (c1, c2 and I are 0) every u = v is steady: the states are a line, no points."))
            : (OfRoots([current, -c1 * a, (c1 * (1 + a)) - c2, -c1], u => [u, u]), null);
    }

    private static (List<ImmutableArray<double>> States, (SteadyStateAbsence Kind, string Reason)? Absence) OfSchnakenberg(double a, double b)
    {
        var u = a + b;
        return (u, b) switch
        {
            (0, 0) => ([], (SteadyStateAbsence.Continuum, "Without supply (a and b are 0) every v is steady where u is 0: the states are a line, no points.")),
            (0, _) => ([], (SteadyStateAbsence.None, "There is no uniform steady state: u would have to be a + b = 0, where nothing uses up the supply b of v.")),
            _ => ([[u, b / u / u]], null),
        };
    }

    private static (List<ImmutableArray<double>> States, (SteadyStateAbsence Kind, string Reason)? Absence) OfBrusselator(double a, double b) => a == 0
        ? ([], (SteadyStateAbsence.Continuum, "Without supply (A = 0) every v is steady where u is 0: the states are a line, no points."))
        : ([[a, b / a]], null);

    private static (List<ImmutableArray<double>> States, (SteadyStateAbsence Kind, string Reason)? Absence) OfGiererMeinhardt(double b) => b == 0
        ? ([], (SteadyStateAbsence.None, "There is no uniform steady state: without decay (b = 0) the activator only grows."))
        : ([[1 / b, 1 / b / b]], null);

    private static (List<ImmutableArray<double>> States, (SteadyStateAbsence Kind, string Reason)? Absence) OfBarkley(double a, double b)
    {
        if (a == 1 && b == 0)
        {
            return ([], (SteadyStateAbsence.Continuum, "With a = 1 and b = 0 every u = v is steady: the states are a line, no points."));
        }

        // u (1 − u) (u − (u + b) / a) = 0.
        List<double> roots = [0, 1];
        if (a != 1 && !roots.Contains(b / (a - 1)))
        {
            roots.Add(b / (a - 1));
        }

        return ([.. roots.Select(u => ImmutableArray.Create(u, u))], null);
    }

    private static (List<ImmutableArray<double>> States, (SteadyStateAbsence Kind, string Reason)? Absence) OfCubic(ReadOnlySpan<double> values)
    {
        var count = CubicPolynomial.Terms.Length;

        // Integers of that many digits take long, and states between such coefficients are of no use.
        const double LargestRatio = 1e60;
        var (least, largest) = (double.PositiveInfinity, 0.0);
        foreach (var coefficient in values[..(2 * count)])
        {
            if (coefficient != 0)
            {
                (least, largest) = (Math.Min(least, Math.Abs(coefficient)), Math.Max(largest, Math.Abs(coefficient)));
            }
        }

        if (largest / LargestRatio > least)
        {
            return ([], (SteadyStateAbsence.NotComputed, "The sizes of the coefficients differ by more than 60 orders of magnitude: the steady states are not computed."));
        }

        var points = CubicCurves.Meet(values[..count], values.Slice(count, count), Limit);
        return points is null
            ? ([], (SteadyStateAbsence.Continuum, "The two polynomials are 0 on a common curve, or one of them is 0 everywhere: the steady states, if there are any, are no single points."))
            : ([.. points.Select(point => ImmutableArray.Create(point.U, point.V))], null);
    }

    private static List<ImmutableArray<double>> OfRoots(double[] polynomial, Func<double, ImmutableArray<double>> toState) =>
        [.. ExactPolynomial.Of(polynomial).RealRoots(Limit).Select(toState)];

    /// <summary>By Newton's method, as long as that makes the rates smaller: what is left of the rounding of the polynomials' coefficients.</summary>
    private static ImmutableArray<double> Polish(KineticsSpec kinetics, ImmutableArray<double> values)
    {
        const int Steps = 4;
        var best = Rates(kinetics, values);
        for (var step = 0; step < Steps && best.Any(rate => rate != 0); step++)
        {
            var jacobian = new double[values.Length * values.Length];
            kinetics.Model.Jacobian(kinetics.Values.AsSpan(), values.AsSpan(), jacobian);
            ImmutableArray<double> next;
            if (values.Length == 1)
            {
                next = [values[0] - (best[0] / (jacobian[0] + kinetics.Model.SpatialGrowth(kinetics.Values.AsSpan(), 0, 0)))];
            }
            else
            {
                var determinant = (jacobian[0] * jacobian[3]) - (jacobian[1] * jacobian[2]);
                next =
                [
                    values[0] - (((jacobian[3] * best[0]) - (jacobian[1] * best[1])) / determinant),
                    values[1] - (((jacobian[0] * best[1]) - (jacobian[2] * best[0])) / determinant),
                ];
            }

            if (!next.All(double.IsFinite))
            {
                break;
            }

            var rates = Rates(kinetics, next);
            if (!(rates.Max(value => Math.Abs(value)) < best.Max(value => Math.Abs(value))))
            {
                break;
            }

            (values, best) = (next, rates);
        }

        return values;
    }

    private static double[] Rates(KineticsSpec kinetics, ImmutableArray<double> state)
    {
        var rates = new double[state.Length];
        kinetics.Model.Rates(kinetics.Values.AsSpan(), state.AsSpan(), rates);
        for (var i = 0; i < rates.Length; i++)
        {
            rates[i] += kinetics.Model.SpatialGrowth(kinetics.Values.AsSpan(), i, 0) * state[i];
        }

        return rates;
    }
}
