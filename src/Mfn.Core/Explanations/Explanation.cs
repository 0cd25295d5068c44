using System.Collections.Immutable;
using System.Globalization;
using Mfn.Core.Fields;
using Mfn.Core.Kinetics;
using Mfn.Core.Simulation;
using Mfn.Core.Stability;

namespace Mfn.Core.Explanations;

/// <summary>What a simulation will do, as linear theory tells without running it. What it costs, and how long it takes, is its server's to say.</summary>
public sealed record Explanation
{
    /// <summary>Below this, waves are coarse: a discrete Laplacian sees them longer than they are by a twentieth or more.</summary>
    public const double FewCellsPerWavelength = 8;

    private Explanation()
    {
    }

    /// <summary>Of kinetics all uniform steady states, by the first species' concentration.</summary>
    public ImmutableArray<SteadyState> SteadyStates { get; private init; } = [];

    /// <summary>
    /// Whether no small perturbation grows where the simulation starts: at the uniform state of its initial pattern if that is steady, at any steady
    /// state otherwise. Then a pattern needs patches, stripes or fields of other concentrations to begin.
    /// </summary>
    public bool NeedsSeed { get; private init; }

    /// <summary>The mode that grows fastest in the box at hand, or dies out most slowly if none grows; null if that cannot be told.</summary>
    public BoxMode? Box { get; private init; }

    /// <summary>The steady state that the box's mode perturbs, by its place in <see cref="SteadyStates"/>; null without a mode.</summary>
    public int? BoxState { get; private init; }

    /// <summary>
    /// The largest time step with which nothing that should die out grows at the steady states, reaction included: 2 / |λ| of the fastest decay λ of
    /// any mode. Null if every time step is that small. A spec is refused above <see cref="PatternSpec.LargestStableTimeStep"/>, which is of space alone.
    /// </summary>
    public double? LargestStableTimeStep { get; private init; }

    /// <summary>Steps after which the box's mode has grown by <see cref="VisibleFactor"/>; null if it does not grow.</summary>
    public long? StepsUntilVisible { get; private init; }

    /// <summary>How much the noise of the initial pattern has to grow to be as large as the concentrations: 1 over it, or 100 if there is none.</summary>
    public double VisibleFactor { get; private init; }

    /// <summary>Of the reference, whether its mask can fire; null with kinetics.</summary>
    public TuringMask? Mask { get; private init; }

    /// <summary>What will not go as somebody may expect.</summary>
    public ImmutableArray<ExplanationWarning> Warnings { get; private init; } = [];

    /// <summary>All that for people, a line each, without the warnings.</summary>
    public ImmutableArray<string> Lines { get; private init; } = [];

    /// <summary>That of a spec. A time step above the largest stable one is explained, not refused.</summary>
    /// <param name="spec">What would be simulated.</param>
    /// <param name="hasFields">Whether fields of the caller's will be the state of step 0.</param>
    /// <param name="cancellationToken">Ends the search for the winning mode, which looks at every mode of the box.</param>
    /// <exception cref="ArgumentException">The spec has other problems.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Explanation Of(SimulationSpec spec, bool hasFields = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var allowing = spec.Pattern is { } given ? spec with { Pattern = given with { IsUnstableAllowed = true } } : spec;
        return allowing.FindProblems() is { Count: > 0 } problems ? throw new ArgumentException(string.Join(' ', problems), nameof(spec))
            : spec.Pattern is { } pattern ? OfPattern(spec, pattern, hasFields, cancellationToken)
            : OfReference(spec);
    }

    private static Explanation OfPattern(SimulationSpec spec, PatternSpec pattern, bool hasFields, CancellationToken cancellationToken)
    {
        var all = UniformSteadyStates.Of(pattern.Kinetics);
        var warnings = new List<ExplanationWarning>();
        if (all.Absence is { } absence)
        {
            warnings.Add(new(KindOf(absence), all.Remark!));
        }

        warnings.AddRange(WarningsOf(pattern.Kinetics, all.States));
        var uniform = pattern.Initial.Uniform ?? pattern.Kinetics.Model.HomogeneousState(pattern.Kinetics.Values.AsSpan());
        var start = all.States.FirstOrDefault(state => IsSame(state.Values, uniform));
        var needsSeed = start is null
            ? all.States.Length > 0 && all.States.All(state => state.Verdict == StabilityVerdict.Stable)
            : start.Verdict == StabilityVerdict.Stable;
        if (needsSeed && !hasFields && pattern.Initial.Shape == InitialShape.None && pattern.Initial.Fields.IsEmpty)
        {
            warnings.Add(new(WarningKind.StaysUniform, "The initial state has no patches, stripes or fields of other concentrations, and no small perturbation grows: it will stay uniform."));
        }

        var state = start ?? all.LeastStable;
        var box = state is null ? null : BoxOf(pattern, state, warnings, cancellationToken);
        var limit = LargestTimeStep(pattern, all);
        if (pattern.TimeStep > limit)
        {
            warnings.Add(new(WarningKind.UnstableTimeStep, $"The time step {Text(pattern.TimeStep)} is above the largest stable one, {Text(limit)}: what should die out will grow."));
        }

        var factor = pattern.Initial.Noise is > 0 and < 1 ? 1 / pattern.Initial.Noise : 100;
        long? visible = box is { GrowthRate: > 0 } growing && growing.GrowthRate > state!.Dispersion.Tolerance
            ? (long)Math.Min(Math.Ceiling(Math.Log(factor) / (growing.GrowthRate * pattern.TimeStep)), 1e18)
            : null;
        if (visible > spec.StepCount)
        {
            warnings.Add(new(WarningKind.TooFewSteps, $"{spec.StepCount} steps end before the pattern is visible, at about step {visible}."));
        }

        var explanation = new Explanation
        {
            SteadyStates = all.States,
            NeedsSeed = needsSeed,
            Box = box,
            BoxState = box is null ? null : all.States.IndexOf(state!),
            LargestStableTimeStep = double.IsFinite(limit) ? limit : null,
            StepsUntilVisible = visible,
            VisibleFactor = factor,
            Warnings = [.. warnings],
        };
        return explanation with { Lines = [.. explanation.LinesOf(pattern)] };
    }

    private static Explanation OfReference(SimulationSpec spec)
    {
        var mask = TuringMask.Of(spec);
        var lines = new List<string>
        {
            !mask.IsActive ? "Turing coupling is off: the potential diffuses, and growth events raise it."
            : mask.CanFire ? $"The bound on the activator does not exclude that it exceeds {Text(mask.Threshold)}: from step {mask.EarliestStep} on."
            : $"The mask never fires: in {spec.StepCount} steps no cell's activator exceeds {Text(mask.LargestActivator)}, and the threshold is {Text(mask.Threshold)}.",
        };
        if (mask is { IsActive: true, CanFire: false })
        {
            lines.Add(
                $"Why: the activator begins below 0.1 and grows at most as a logistic curve of rate {Text(spec.ActivatorRate)} a step does, whatever the inhibitor, diffusion and the rim do"
                + (mask.EarliestStep is { } earliest ? $"; that passes the threshold in step {earliest}. In fact the inhibitor ends its growth long before." : "; that never passes the threshold."));
        }

        return new Explanation
        {
            Mask = mask,
            Lines = [.. lines],
            Warnings = spec.Alpha >= 0.25 ? [new(WarningKind.UnstableAlpha, $"Alpha {Text(spec.Alpha)} is at or above 0.25: the scheme is unstable, and only clamping bounds the potential.")] : [],
        };
    }

    private static WarningKind KindOf(SteadyStateAbsence absence) => absence switch
    {
        SteadyStateAbsence.Continuum => WarningKind.SteadyStateContinuum,
        SteadyStateAbsence.NotComputed => WarningKind.SteadyStatesNotComputed,
        _ => WarningKind.NoSteadyState,
    };

    private static bool IsSame(ImmutableArray<double> one, ImmutableArray<double> other) =>
        one.Length == other.Length && one.Zip(other, (a, b) => Math.Abs(a - b) <= 1e-9 * (1 + Math.Abs(b))).All(isSame => isSame);

    private static IEnumerable<ExplanationWarning> WarningsOf(KineticsSpec kinetics, ImmutableArray<SteadyState> states)
    {
        // Of the others negative values have a meaning.
        var areConcentrations = kinetics.Model is GrayScott or Schnakenberg or Brusselator or GiererMeinhardt;
        for (var i = 0; i < states.Length; i++)
        {
            var name = Name(states[i]);
            if (areConcentrations && states[i].Values.Any(value => value < 0))
            {
                yield return new(WarningKind.NegativeConcentration, $"The steady state {name} has a negative concentration: the parameters are outside the model's sense.");
            }

            if (states[i].IsDegenerate)
            {
                yield return new(
                    WarningKind.SingularJacobian,
                    $"The Jacobian of the steady state {name} is singular: linear theory does not tell what becomes of it. The parameters lie where steady states meet or part.");
            }

            if (double.IsPositiveInfinity(states[i].FastestWavenumber))
            {
                yield return new(
                    WarningKind.NoShortestWave,
                    $"A species that grows by itself near {name} does not diffuse: the shorter a wave the faster it grows, so that the cells, not the model, choose the wavelength.");
            }
            else if (states[i] is { Verdict: StabilityVerdict.Hopf, FastestWavelength: { } wavelength })
            {
                yield return new(WarningKind.WavesFasterThanOscillation, $"Near {name} waves of length {Text(wavelength)} grow faster than the uniform oscillation: either may win.");
            }
        }
    }

    private static BoxMode? BoxOf(PatternSpec pattern, SteadyState state, List<ExplanationWarning> warnings, CancellationToken cancellationToken)
    {
        var modes = BoxModes.Of(pattern, out var reason);
        if (modes is null)
        {
            warnings.Add(new(WarningKind.BoxNotPredicted, reason!));
            return null;
        }

        for (var species = 0; species < pattern.Boundaries.Length; species++)
        {
            var boundary = pattern.Boundaries[species];
            if (boundary.Kind == Boundary.Dirichlet && !IsSame([boundary.Value], [state.Values[species]]))
            {
                warnings.Add(new(
                    WarningKind.BoundaryNotSteady,
                    $"{pattern.Kinetics.Model.Species[species]} is kept at {Text(boundary.Value)} beyond the rim, but is {Text(state.Values[species])} in the steady state: no uniform state is steady in this box, and the prediction holds far from the rim alone."));
            }
        }

        var box = modes.Winner(state.Dispersion, cancellationToken);
        var width = pattern.CellWidth * Math.Max(pattern.RowCount, pattern.ColumnCount);
        if (state is { Band: not null, FastestWavelength: { } wavelength } && width < wavelength)
        {
            warnings.Add(new(
                WarningKind.BoxSmallerThanWavelength,
                $"The box, {Text(width)} long, is smaller than the fastest growing wavelength, {Text(wavelength)}: the model's own pattern does not fit."));
        }

        if (state.Band is not null && box.GrowthRate <= state.Dispersion.Tolerance)
        {
            warnings.Add(new(WarningKind.NoGrowingModeInBox, "Waves grow on an endless plane, but none of those that fit this box."));
        }

        if (box is { CellsPerWavelength: < FewCellsPerWavelength, GrowthRate: > 0 })
        {
            warnings.Add(new(
                WarningKind.CoarseCells,
                $"The wave that wins has {Text(box.CellsPerWavelength.Value)} cells, fewer than {FewCellsPerWavelength}: the lattice will show in the pattern. Make the cells smaller."));
        }

        return box;
    }

    /// <summary>2 over the fastest decay of any mode at any steady state; of a decay that oscillates −2 Re λ / |λ|². Never above that of space alone.</summary>
    private static double LargestTimeStep(PatternSpec pattern, UniformSteadyStates all)
    {
        var limit = pattern.LargestStableTimeStep;
        var largest = pattern.Integrator == Integrator.Adi ? 0
            : (pattern.Laplacian == LaplacianStencil.NinePoint ? 16.0 / 3 : 8.0) / (pattern.CellWidth * pattern.CellWidth);
        foreach (var state in all.States)
        {
            var (decay, frequency) = state.Dispersion.Slowest(largest);
            if (decay < 0)
            {
                limit = Math.Min(limit, -2 * decay / ((decay * decay) + (frequency * frequency)));
            }
        }

        return limit;
    }

    private IEnumerable<string> LinesOf(PatternSpec pattern)
    {
        foreach (var equation in pattern.Kinetics.Model.Equations)
        {
            yield return equation;
        }

        foreach (var state in SteadyStates)
        {
            yield return $"Steady state {Name(state)}: " + state.Verdict switch
            {
                StabilityVerdict.Stable => $"stable; the slowest perturbation dies out at the rate {Text(-state.FastestGrowthRate)}.",
                StabilityVerdict.Hopf => $"oscillates; small oscillations have the period {Text(state.Period!.Value)} and grow at the rate {Text(state.UniformGrowthRate)}.",
                StabilityVerdict.Turing => $"Turing-unstable; waves of wavenumbers {Text(state.Band!.Value.Low)} to {Text(state.Band.Value.High)} grow, fastest that of length {(state.FastestWavelength is { } length ? Text(length) : "0")}, at the rate {Text(state.FastestGrowthRate)}.",
                _ => $"unstable; perturbations grow at the rate {Text(state.FastestGrowthRate)}.",
            };
        }

        if (!SteadyStates.IsEmpty)
        {
            yield return NeedsSeed
                ? "Needs a seed: no small perturbation of the uniform state grows, so a pattern has to be begun by patches, stripes or fields."
                : "Needs no seed.";
        }

        if (Box is { } box)
        {
            yield return $"In this box of {pattern.RowCount} x {pattern.ColumnCount} cells of width {Text(pattern.CellWidth)} mode ({box.RowIndex}, {box.ColumnIndex}) "
                + (box.GrowthRate > 0 ? "wins" : "lasts longest")
                + (box.Wavelength is { } length ? $": wavelength {Text(length)}, {Text(box.CellsPerWavelength!.Value)} cells" : ": uniform")
                + $", growth rate {Text(box.GrowthRate)}.";
        }

        yield return LargestStableTimeStep is { } limit ? $"The largest stable time step is {Text(limit)}; the spec's is {Text(pattern.TimeStep)}." : "Every time step is stable in linear theory.";
        if (StepsUntilVisible is { } steps)
        {
            yield return $"After about {steps} steps the wave has grown {Text(VisibleFactor)} times and is visible.";
        }
    }

    private static string Name(SteadyState state) => $"({string.Join(", ", state.Values.Select(Text))})";

    private static string Text(double value) => value.ToString("G6", CultureInfo.InvariantCulture);
}
