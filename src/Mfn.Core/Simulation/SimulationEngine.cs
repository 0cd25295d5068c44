using System.Collections.Immutable;
using Mfn.Core.Fields;
using Mfn.Core.Randomness;
using Mfn.Core.Specs;
using Mfn.Core.Statistics;

namespace Mfn.Core.Simulation;

/// <summary>
/// Steps a membrane-potential field coupled to an activator and an inhibitor. The state after any number of steps is a function of the
/// spec alone, to the bit. Buffers are allocated once; not thread-safe.
/// </summary>
public sealed class SimulationEngine
{
    private const double InitialPotentialMean = -0.07;
    private const double InitialPotentialDeviation = 0.005;
    private const double LargestInitialConcentration = 0.1;
    private const double SpikeMean = 0.02;
    private const double SpikeDeviation = 0.005;
    private const double LowestPotential = -0.095;
    private const double HighestPotential = 0.040;

    private readonly Stencil _stencil;
    private readonly DoubleBufferedField _potential;
    private readonly DoubleBufferedField? _activator;
    private readonly DoubleBufferedField? _inhibitor;
    private readonly RandomGenerator _random;
    private readonly double _jitterDeviation;
    private readonly double[] _jitter;

    private long _growthEvents;
    private long _turingActivations;
    private long _clampingEvents;

    /// <summary>An engine at step 0, with the initial fields drawn.</summary>
    /// <exception cref="ArgumentException">The spec has problems; the message lists them all.</exception>
    public SimulationEngine(SimulationSpec spec)
        : this(spec, new RandomGenerator(RequireValid(spec).Seed))
    {
    }

    /// <summary>
    /// An engine at step 0 that draws from a generator of the caller's, whose stream goes on after the run, instead of one of the spec's seed.
    /// </summary>
    /// <exception cref="ArgumentException">The spec has problems; the message lists them all.</exception>
    public SimulationEngine(SimulationSpec spec, RandomGenerator random)
        : this(random, RequireValid(spec))
    {
        _random.FillNormal(InitialPotentialMean, InitialPotentialDeviation, _potential.Current.Cells);
        if (_activator is not null && _inhibitor is not null)
        {
            _random.FillUniform(0.0, LargestInitialConcentration, _activator.Current.Cells);
            _random.FillUniform(0.0, LargestInitialConcentration, _inhibitor.Current.Cells);
        }
    }

    /// <summary>An engine whose fields are still empty.</summary>
    private SimulationEngine(RandomGenerator random, SimulationSpec spec)
    {
        ArgumentNullException.ThrowIfNull(random);
        Spec = spec;
        _random = random;
        _jitterDeviation = Math.Sqrt(spec.JitterVariance);
        _jitter = spec.IsJitterEnabled ? new double[spec.GridSize] : [];
        _stencil = new Stencil(spec.Boundary, spec.GridSize);
        _potential = new DoubleBufferedField(spec.GridSize);
        if (HasSpecies(spec))
        {
            _activator = new DoubleBufferedField(spec.GridSize);
            _inhibitor = new DoubleBufferedField(spec.GridSize);
        }
    }

    /// <summary>What this engine runs.</summary>
    public SimulationSpec Spec { get; }

    /// <summary>Steps completed.</summary>
    public int Step { get; private set; }

    /// <summary>The membrane potential in volts, row-major: a view that is valid until the next step.</summary>
    public ReadOnlySpan<double> Potential => _potential.Current.Cells;

    /// <summary>The activator in [0, 1], row-major: a view; empty in a model run without Turing coupling.</summary>
    public ReadOnlySpan<double> Activator => _activator is null ? [] : _activator.Current.Cells;

    /// <summary>The inhibitor in [0, 1], row-major: a view; empty in a model run without Turing coupling.</summary>
    public ReadOnlySpan<double> Inhibitor => _inhibitor is null ? [] : _inhibitor.Current.Cells;

    /// <summary>The growth event of the last step, if it had one.</summary>
    public GrowthEvent? LastGrowthEvent { get; private set; }

    /// <summary>What has happened since step 0.</summary>
    public SimulationCounts Counts => new(_growthEvents, _turingActivations, _clampingEvents);

    /// <summary>The statistics of the membrane potential in volts.</summary>
    public FieldStatistics PotentialStatistics => FieldStatistics.Of(Potential);

    /// <summary>An engine that goes on from a captured state exactly as the one that it was captured from.</summary>
    /// <exception cref="ArgumentException">The spec has problems, or the state does not fit it; the message lists what is wrong.</exception>
    public static SimulationEngine Restore(SimulationSpec spec, SimulationState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        RequireFit(RequireValid(spec), state);

        var engine = new SimulationEngine(new RandomGenerator(state.Generator), spec)
        {
            Step = state.Step,
            _growthEvents = state.Counts.GrowthEvents,
            _turingActivations = state.Counts.TuringActivations,
            _clampingEvents = state.Counts.ClampingEvents,
        };
        state.Potential.AsSpan().CopyTo(engine._potential.Current.Cells);
        state.Activator.AsSpan().CopyTo(engine._activator is null ? [] : engine._activator.Current.Cells);
        state.Inhibitor.AsSpan().CopyTo(engine._inhibitor is null ? [] : engine._inhibitor.Current.Cells);
        return engine;
    }

    /// <summary>A copy of the state, from which <see cref="Restore"/> goes on.</summary>
    public SimulationState Capture() => new()
    {
        Step = Step,
        Potential = [.. Potential],
        Activator = [.. Activator],
        Inhibitor = [.. Inhibitor],
        Generator = _random.State,
        Counts = Counts,
    };

    /// <summary>Takes the given number of steps, or stops between two of them.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; the steps taken so far are complete.</exception>
    /// <exception cref="NonFiniteFieldException">A field is no longer finite.</exception>
    public void Advance(int stepCount, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(stepCount);
        for (var i = 0; i < stepCount; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            TakeStep();
        }
    }

    /// <summary>Advances the fields by one time step.</summary>
    /// <exception cref="NonFiniteFieldException">A field is no longer finite.</exception>
    public void TakeStep()
    {
        Spike();
        var isFinite = Spec.Variant == SimulationVariant.Model
            ? AdvanceRows(new SemiImplicitKinetics(Spec))
            : AdvanceRows(new ExplicitKinetics(Spec));
        Step++;
        if (!isFinite)
        {
            NonFiniteFieldException.ThrowIfAny(Potential, "potential", Step);
            NonFiniteFieldException.ThrowIfAny(Activator, "activator", Step);
            NonFiniteFieldException.ThrowIfAny(Inhibitor, "inhibitor", Step);
        }
    }

    private static bool HasSpecies(SimulationSpec spec) => spec.Variant != SimulationVariant.Model || spec.IsTuringEnabled;

    /// <summary>The numerics variant clips the activator to 1 before it compares: that never exceeds a threshold of 1.</summary>
    private static double ComparedThreshold(SimulationSpec spec) =>
        spec.Variant == SimulationVariant.Numerics && spec.TuringThreshold >= 1.0 ? double.PositiveInfinity : spec.TuringThreshold;

    private static SimulationSpec RequireValid(SimulationSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        spec.FindProblems().ThrowIfAny(nameof(spec));
        return spec;
    }

    private static void RequireFit(SimulationSpec spec, SimulationState state)
    {
        var problems = new List<string>();
        var cellCount = spec.GridSize * spec.GridSize;
        Check("potential", state.Potential, cellCount);
        Check("activator", state.Activator, HasSpecies(spec) ? cellCount : 0);
        Check("inhibitor", state.Inhibitor, HasSpecies(spec) ? cellCount : 0);
        if (state.Step < 0)
        {
            problems.Add($"The step must not be negative, but was {state.Step}.");
        }

        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join(' ', problems), nameof(state));
        }

        void Check(string name, ImmutableArray<double> cells, int expectedCount)
        {
            var count = cells.IsDefault ? 0 : cells.Length;
            if (count != expectedCount)
            {
                problems.Add($"The {name} field must have {expectedCount} cells, but has {count}.");
            }
            else if (count > 0 && NonFiniteCells.In(cells.AsSpan()) is { IsNone: false } found)
            {
                problems.Add($"The {name} field must be finite, but has {found}.");
            }
        }
    }

    /// <summary>Draws whether a growth event happens, and if so where and how strong. One double is drawn in every step.</summary>
    private void Spike()
    {
        LastGrowthEvent = null;
        if (_random.NextDouble() >= Spec.SpikeProbability)
        {
            return;
        }

        var row = (int)_random.NextInt64(0, Spec.GridSize);
        var column = (int)_random.NextInt64(0, Spec.GridSize);
        var amplitude = _random.Normal(SpikeMean, SpikeDeviation);
        _potential.Current[row, column] += amplitude;
        _growthEvents++;
        LastGrowthEvent = new GrowthEvent(Step + 1, row, column, amplitude);
    }

    /// <summary>
    /// Takes the step row by row, so that what one operation writes is still in the nearest cache when the next one reads it, and returns
    /// whether all cells are finite.
    /// </summary>
    private bool AdvanceRows<TKinetics>(TKinetics kinetics)
        where TKinetics : struct, IReactionKinetics
    {
        var reaction = new Reaction<TKinetics>(kinetics, ComparedThreshold(Spec), Spec.TuringIncrement);
        var isFinite = true;
        for (var i = 0; i < Spec.GridSize; i++)
        {
            var potential = _potential.Next.Row(i);
            Diffusion.AdvanceRow(_stencil.Row(_potential.Current, i), Spec.Alpha, potential);
            isFinite &= React(reaction, i, potential);
            Jitter(potential);
            _clampingEvents += Clipping.Clamp(potential, LowestPotential, HighestPotential);
            isFinite &= !NonFiniteCells.AnyIn(potential);
        }

        _potential.Swap();
        if (Spec.IsTuringEnabled)
        {
            _activator?.Swap();
            _inhibitor?.Swap();
        }

        return isFinite;
    }

    private bool React<TKinetics>(Reaction<TKinetics> reaction, int row, Span<double> potential)
        where TKinetics : struct, IReactionKinetics
    {
        if (!Spec.IsTuringEnabled || _activator is null || _inhibitor is null)
        {
            return true;
        }

        var activator = _activator.Next.Row(row);
        var inhibitor = _inhibitor.Next.Row(row);
        _turingActivations += reaction.AdvanceRow(
            _stencil.Row(_activator.Current, row), _stencil.Row(_inhibitor.Current, row), activator, inhibitor, potential);
        return !NonFiniteCells.AnyIn(activator) && !NonFiniteCells.AnyIn(inhibitor);
    }

    private void Jitter(Span<double> potential)
    {
        if (!Spec.IsJitterEnabled)
        {
            return;
        }

        _random.FillNormal(0.0, _jitterDeviation, _jitter);
        for (var i = 0; i < potential.Length; i++)
        {
            potential[i] += _jitter[i];
        }
    }
}
