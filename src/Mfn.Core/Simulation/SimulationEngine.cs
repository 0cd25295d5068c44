using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Mfn.Core.Fields;
using Mfn.Core.Randomness;
using Mfn.Core.Specs;
using Mfn.Core.Statistics;

namespace Mfn.Core.Simulation;

/// <summary>
/// Steps a membrane-potential field coupled to an activator and an inhibitor. The state after any number of steps is a function of the
/// spec alone, to the bit. Buffers are allocated once; not thread-safe. Disposing it lets the next engine of its size have them.
/// </summary>
/// <remarks>docs/architecture.md has a map of the way from here to the kernel, and what each stop decides.</remarks>
public sealed class SimulationEngine : IDisposable
{
    private const double SpikeMean = 0.02;
    private const double SpikeDeviation = 0.005;

    private readonly ReactionDiffusion _fields;
    private readonly RandomGenerator _random;
    private readonly GrowthEvent?[] _growthEventsOfPass;

    private long _growthEvents;
    private bool _isDisposed;
    private long _turingActivations;
    private long _clampingEvents;

    /// <summary>An engine at step 0, with the initial fields drawn.</summary>
    /// <exception cref="ArgumentException">The spec has problems; the message lists them all.</exception>
    public SimulationEngine(SimulationSpec spec, StepHelpers? helpers = null)
        : this(spec, new RandomGenerator(RequireValid(spec).Seed), helpers)
    {
    }

    /// <summary>
    /// An engine at step 0 that draws from a generator of the caller's, whose stream goes on after the run, instead of one of the spec's seed.
    /// </summary>
    /// <exception cref="ArgumentException">The spec has problems; the message lists them all.</exception>
    public SimulationEngine(SimulationSpec spec, RandomGenerator random, StepHelpers? helpers = null)
        : this(random, RequireValid(spec), helpers ?? StepHelpers.None)
    {
        _fields.Draw();
    }

    /// <summary>An engine whose fields are still empty.</summary>
    private SimulationEngine(RandomGenerator random, SimulationSpec spec, StepHelpers helpers)
    {
        ArgumentNullException.ThrowIfNull(random);
        Spec = spec;
        _random = random;
        _fields = ReactionDiffusion.Create(spec, random, helpers);
        _growthEventsOfPass = new GrowthEvent?[_fields.MaxStepsPerPass];
    }

    /// <summary>What this engine runs.</summary>
    public SimulationSpec Spec { get; }

    /// <summary>Steps completed.</summary>
    public int Step { get; private set; }

    /// <summary>The most steps that it takes in one pass over memory, at least 1: asked for fewer at once, each takes longer.</summary>
    public int MaxStepsPerPass => _fields.MaxStepsPerPass;

    /// <summary>The reference's membrane potential in volts, row-major: a view that is valid until the next step; empty with kinetics, as the next three.</summary>
    public ReadOnlySpan<double> Potential => Spec.Pattern is null ? Species(0) : [];

    /// <summary>The potential's singles, row-major: a view that is valid until the next step; empty in a run of double precision.</summary>
    public ReadOnlySpan<float> PotentialSingles => Spec.Pattern is null ? SpeciesSingles(0) : [];

    /// <summary>The activator in [0, 1], row-major: a view; empty in a model run without Turing coupling.</summary>
    public ReadOnlySpan<double> Activator => Spec.Pattern is null ? Species(1) : [];

    /// <summary>The inhibitor in [0, 1], row-major: a view; empty in a model run without Turing coupling.</summary>
    public ReadOnlySpan<double> Inhibitor => Spec.Pattern is null ? Species(2) : [];

    /// <summary>How many fields there are; see <see cref="SimulationSpec.SpeciesSymbols"/>.</summary>
    public int SpeciesCount => Spec.SpeciesSymbols.Length;

    /// <summary>The simulated time in the model's unit; the step where the reference is simulated, which has no unit of time.</summary>
    public double Time => Spec.TimeAt(Step);

    /// <summary>The growth event of the last step, if it had one.</summary>
    public GrowthEvent? LastGrowthEvent { get; private set; }

    /// <summary>What has happened since step 0.</summary>
    public SimulationCounts Counts => new(_growthEvents, _turingActivations, _clampingEvents);

    /// <summary>The statistics of the membrane potential in volts; not with kinetics.</summary>
    public FieldStatistics PotentialStatistics => FieldStatistics.Of(Potential);

    /// <summary>An engine that goes on from a captured state exactly as the one that it was captured from.</summary>
    /// <exception cref="ArgumentException">The spec has problems, or the state does not fit it; the message lists what is wrong.</exception>
    public static SimulationEngine Restore(SimulationSpec spec, SimulationState state, StepHelpers? helpers = null)
    {
        ArgumentNullException.ThrowIfNull(state);
        RequireFit(RequireValid(spec), state);

        var engine = new SimulationEngine(new RandomGenerator(state.Generator), spec, helpers ?? StepHelpers.None)
        {
            Step = state.Step,
            _growthEvents = state.Counts.GrowthEvents,
            _turingActivations = state.Counts.TuringActivations,
            _clampingEvents = state.Counts.ClampingEvents,
        };
        engine._fields.Load(state);
        return engine;
    }

    /// <summary>A copy of the state, from which <see cref="Restore"/> goes on.</summary>
    public SimulationState Capture() => new()
    {
        Step = Step,
        Species = CaptureSpecies(),
        Generator = _random.State,
        Counts = Counts,
    };

    /// <summary>
    /// Takes the given number of steps, or stops between two of them. Several at once are faster than one after the other where the fields are
    /// larger than the cache.
    /// </summary>
    /// <param name="stepCount">The steps; at least 0.</param>
    /// <param name="growthEvents">Where the growth events of the steps go, in their order; nowhere if null.</param>
    /// <param name="cancellationToken">Looked at every few rows.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled; <see cref="Step"/> tells the steps taken, all complete.</exception>
    /// <exception cref="NonFiniteFieldException">A field is no longer finite after the last step taken.</exception>
    public void Advance(int stepCount, ICollection<GrowthEvent>? growthEvents = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(stepCount);
        var end = checked(Step + stepCount);
        while (Step < end)
        {
            cancellationToken.ThrowIfCancellationRequested();
            TakeSteps(Math.Min(end - Step, _fields.MaxStepsPerPass), growthEvents, cancellationToken);
        }
    }

    /// <summary>Gives the fields' memory back: the views of them must not be used any more.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _fields.Dispose();
    }

    /// <summary>Advances the fields by one time step.</summary>
    /// <exception cref="NonFiniteFieldException">A field is no longer finite.</exception>
    public void TakeStep() => Advance(1);

    // Compiled for good at once, as the kernels: otherwise the first hundreds of runs of small fields take twice as long.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TakeSteps(int count, ICollection<GrowthEvent>? growthEvents, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);

        // Draws do not depend on the fields, so those of all steps can be taken before the first.
        var generator = _random.State;
        var drawn = _growthEventsOfPass.AsMemory(0, count);
        for (var i = 0; i < count; i++)
        {
            drawn.Span[i] = DrawGrowthEvent(Step + 1 + i);
        }

        RowCounts counts;
        try
        {
            counts = _fields.Advance(drawn, cancellationToken);
        }
        catch
        {
            _random.State = generator;
            throw;
        }

        if (!counts.IsFinite && count > 1)
        {
            // Which step went wrong shows one step at a time.
            _random.State = generator;
            for (var i = 0; i < count; i++)
            {
                TakeSteps(1, growthEvents, cancellationToken);
            }

            return;
        }

        Step += count;
        _turingActivations += counts.Activations;
        _clampingEvents += counts.Clampings;
        LastGrowthEvent = drawn.Span[^1];
        foreach (var growthEvent in drawn.Span)
        {
            if (growthEvent is { } spike)
            {
                _growthEvents++;
                growthEvents?.Add(spike);
            }
        }

        if (!counts.IsFinite)
        {
            for (var i = 0; i < SpeciesCount; i++)
            {
                NonFiniteFieldException.ThrowIfAny(Species(i), Spec.SpeciesSymbols[i], Step);
            }
        }
    }

    /// <summary>A field, row-major, by its place in <see cref="SimulationSpec.SpeciesSymbols"/>: a view that is valid until the next step; empty if there are not so many.</summary>
    public ReadOnlySpan<double> Species(int index) => _fields.Field(index);

    /// <summary>The singles of a field: a view that is valid until the next step; empty in a run of double precision.</summary>
    public ReadOnlySpan<float> SpeciesSingles(int index) => _fields.Singles(index);

    private ImmutableArray<ImmutableArray<double>> CaptureSpecies()
    {
        var fields = ImmutableArray.CreateBuilder<ImmutableArray<double>>(SpeciesCount);
        for (var species = 0; species < SpeciesCount; species++)
        {
            fields.Add([.. Species(species)]);
        }

        return fields.MoveToImmutable();
    }

    private static SimulationSpec RequireValid(SimulationSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        spec.FindProblems().ThrowIfAny(nameof(spec));
        return spec;
    }

    private static void RequireFit(SimulationSpec spec, SimulationState state)
    {
        var problems = new List<string>();
        var symbols = spec.SpeciesSymbols;
        if (state.Species.IsDefault || state.Species.Length != symbols.Length)
        {
            problems.Add($"There must be {symbols.Length} fields, but there are {(state.Species.IsDefault ? 0 : state.Species.Length)}.");
        }
        else
        {
            for (var species = 0; species < symbols.Length; species++)
            {
                Check(symbols[species], state.Species[species], spec.CellCount);
            }
        }

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
            else if (spec.Precision == Precision.Binary32 && cells.Any(cell => (float)cell != cell))
            {
                problems.Add($"The {name} field of a run in single precision must have cells that are singles.");
            }
        }
    }

    /// <summary>Draws whether a growth event happens, and if so where and how strong. One double is drawn in every step.</summary>
    private GrowthEvent? DrawGrowthEvent(int step)
    {
        if (Spec.Pattern is not null || _random.NextDouble() >= Spec.SpikeProbability)
        {
            return null;
        }

        var row = (int)_random.NextInt64(0, Spec.GridSize);
        var column = (int)_random.NextInt64(0, Spec.GridSize);
        return new GrowthEvent(step, row, column, _random.Normal(SpikeMean, SpikeDeviation));
    }
}
