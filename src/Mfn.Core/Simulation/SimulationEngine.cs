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

    private readonly Field _potential;
    private readonly Field _potentialLaplacian;
    private readonly Species? _species;
    private readonly RandomGenerator _random;
    private readonly double _jitterDeviation;

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
        foreach (ref var cell in _potential.Cells)
        {
            cell = _random.Normal(InitialPotentialMean, InitialPotentialDeviation);
        }

        if (_species is not null)
        {
            DrawConcentrations(_species.Activator);
            DrawConcentrations(_species.Inhibitor);
        }
    }

    /// <summary>An engine whose fields are still empty.</summary>
    private SimulationEngine(RandomGenerator random, SimulationSpec spec)
    {
        ArgumentNullException.ThrowIfNull(random);
        Spec = spec;
        _random = random;
        _jitterDeviation = Math.Sqrt(spec.JitterVariance);
        _potential = new Field(spec.GridSize, spec.GridSize);
        _potentialLaplacian = new Field(spec.GridSize, spec.GridSize);
        _species = HasSpecies(spec) ? new Species(spec.GridSize) : null;
    }

    /// <summary>What this engine runs.</summary>
    public SimulationSpec Spec { get; }

    /// <summary>Steps completed.</summary>
    public int Step { get; private set; }

    /// <summary>The membrane potential in volts, row-major: a view that the next step changes.</summary>
    public ReadOnlySpan<double> Potential => _potential.Cells;

    /// <summary>The activator in [0, 1], row-major: a view; empty in a model run without Turing coupling.</summary>
    public ReadOnlySpan<double> Activator => _species is null ? [] : _species.Activator.Cells;

    /// <summary>The inhibitor in [0, 1], row-major: a view; empty in a model run without Turing coupling.</summary>
    public ReadOnlySpan<double> Inhibitor => _species is null ? [] : _species.Inhibitor.Cells;

    /// <summary>The growth event of the last step, if it had one.</summary>
    public GrowthEvent? LastGrowthEvent { get; private set; }

    /// <summary>What has happened since step 0.</summary>
    public SimulationCounts Counts => new(_growthEvents, _turingActivations, _clampingEvents);

    /// <summary>The statistics of the membrane potential in volts.</summary>
    public FieldStatistics PotentialStatistics => FieldStatistics.Of(_potential.Cells);

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
        state.Potential.AsSpan().CopyTo(engine._potential.Cells);
        if (engine._species is { } species)
        {
            state.Activator.AsSpan().CopyTo(species.Activator.Cells);
            state.Inhibitor.AsSpan().CopyTo(species.Inhibitor.Cells);
        }

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
        Diffuse();
        React();
        Jitter();
        Clamp();
        Step++;
        NonFiniteFieldException.ThrowIfAny(Potential, "potential", Step);
        NonFiniteFieldException.ThrowIfAny(Activator, "activator", Step);
        NonFiniteFieldException.ThrowIfAny(Inhibitor, "inhibitor", Step);
    }

    private static bool HasSpecies(SimulationSpec spec) => spec.Variant != SimulationVariant.Model || spec.IsTuringEnabled;

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

    private void DrawConcentrations(Field field)
    {
        foreach (ref var cell in field.Cells)
        {
            cell = _random.Uniform(0.0, LargestInitialConcentration);
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
        _potential[row, column] += amplitude;
        _growthEvents++;
        LastGrowthEvent = new GrowthEvent(Step + 1, row, column, amplitude);
    }

    private void Diffuse()
    {
        Laplacian.Apply(_potential, Spec.Boundary, _potentialLaplacian);
        var potential = _potential.Cells;
        var laplacian = _potentialLaplacian.Cells;
        for (var i = 0; i < potential.Length; i++)
        {
            potential[i] += Spec.Alpha * laplacian[i];
        }
    }

    private void React()
    {
        if (_species is null || !Spec.IsTuringEnabled)
        {
            return;
        }

        Laplacian.Apply(_species.Activator, Spec.Boundary, _species.ActivatorLaplacian);
        Laplacian.Apply(_species.Inhibitor, Spec.Boundary, _species.InhibitorLaplacian);
        switch (Spec.Variant)
        {
            case SimulationVariant.Model:
                React(_species, new SemiImplicitKinetics(Spec));
                break;
            default:
                React(_species, new ExplicitKinetics(Spec));
                break;
        }
    }

    /// <summary>The threshold is compared with the activator before it is clipped, but in the numerics variant.</summary>
    private void React<TKinetics>(Species species, TKinetics kinetics)
        where TKinetics : struct, IReactionKinetics
    {
        var potential = _potential.Cells;
        var activator = species.Activator.Cells;
        var inhibitor = species.Inhibitor.Cells;
        var activatorLaplacian = species.ActivatorLaplacian.Cells;
        var inhibitorLaplacian = species.InhibitorLaplacian.Cells;
        var (threshold, increment) = (Spec.TuringThreshold, Spec.TuringIncrement);
        var largestCompared = Spec.Variant == SimulationVariant.Numerics ? 1.0 : double.PositiveInfinity;
        for (var i = 0; i < potential.Length; i++)
        {
            var (newActivator, newInhibitor) = kinetics.Advance(activator[i], inhibitor[i], activatorLaplacian[i], inhibitorLaplacian[i]);
            if (Math.Min(newActivator, largestCompared) > threshold)
            {
                potential[i] += increment;
                _turingActivations++;
            }

            activator[i] = Field.Clip(newActivator, 0.0, 1.0);
            inhibitor[i] = Field.Clip(newInhibitor, 0.0, 1.0);
        }
    }

    private void Jitter()
    {
        if (!Spec.IsJitterEnabled)
        {
            return;
        }

        foreach (ref var cell in _potential.Cells)
        {
            cell += _random.Normal(0.0, _jitterDeviation);
        }
    }

    private void Clamp() => _clampingEvents += _potential.Clamp(LowestPotential, HighestPotential);

    /// <summary>The two species and the scratch for their Laplacians.</summary>
    private sealed class Species(int gridSize)
    {
        public Field Activator { get; } = new(gridSize, gridSize);

        public Field ActivatorLaplacian { get; } = new(gridSize, gridSize);

        public Field Inhibitor { get; } = new(gridSize, gridSize);

        public Field InhibitorLaplacian { get; } = new(gridSize, gridSize);
    }
}
