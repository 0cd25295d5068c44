using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mfn.Core.Randomness;

namespace Mfn.Core.Simulation;

/// <summary>The fields of a run, of whatever type their cells are, and how they step.</summary>
internal abstract class ReactionDiffusion : IDisposable
{
    /// <summary>The most steps that one pass over the memory can take; 1 with jitter, whose draws come between those of two steps' events.</summary>
    public abstract int MaxStepsPerPass { get; }

    /// <summary>The potential in volts, row-major: a view that is valid until the next pass.</summary>
    public abstract ReadOnlySpan<double> Potential { get; }

    /// <summary>The potential of a field of singles, row-major: a view that is valid until the next pass; empty for a field of doubles.</summary>
    public abstract ReadOnlySpan<float> PotentialSingles { get; }

    /// <summary>The activator in [0, 1], row-major: a view that is valid until the next pass; empty if the run has none.</summary>
    public abstract ReadOnlySpan<double> Activator { get; }

    /// <summary>The inhibitor in [0, 1], row-major: a view that is valid until the next pass; empty if the run has none.</summary>
    public abstract ReadOnlySpan<double> Inhibitor { get; }

    public static ReactionDiffusion Create(SimulationSpec spec, RandomGenerator random, StepHelpers helpers) => spec.Precision == Precision.Binary64
        ? new ReactionDiffusion<double>(spec, random, helpers)
        : new ReactionDiffusion<float>(spec, random, helpers);

    /// <summary>Draws the fields of step 0: all normals of the potential, then the uniforms of each species.</summary>
    public abstract void Draw();

    /// <summary>Takes over the fields of a state that fits.</summary>
    public abstract void Load(SimulationState state);

    /// <summary>Takes as many steps as there are entries, each of which begins with its growth event, if it has one.</summary>
    /// <returns>What the steps did. If a cell is not finite, several steps leave the fields as they were, one step changes them.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled; the fields are as they were.</exception>
    public abstract RowCounts Advance(ReadOnlyMemory<GrowthEvent?> growthEvents, CancellationToken cancellationToken);

    /// <summary>Gives the memory back. There are no fields any more.</summary>
    public abstract void Dispose();
}

/// <summary>The fields of a run: two of each, of which a pass over the memory reads one and writes the other.</summary>
internal sealed class ReactionDiffusion<T> : ReactionDiffusion
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const double InitialPotentialMean = -0.07;
    private const double InitialPotentialDeviation = 0.005;
    private const double LargestInitialConcentration = 0.1;

    private readonly SimulationSpec _spec;
    private readonly RandomGenerator _random;
    private readonly BandCrew<T> _crew;
    private readonly Jitter<T>? _jitter;
    private readonly double[] _drawn;
    private FieldRows<T> _current;
    private FieldRows<T> _next;

    // Singles as doubles, made when somebody asks for them.
    private readonly double[][] _widened = [[], [], []];
    private readonly bool[] _isWidened = new bool[3];

    public ReactionDiffusion(SimulationSpec spec, RandomGenerator random, StepHelpers helpers)
    {
        _spec = spec;
        _random = random;
        _drawn = typeof(T) == typeof(double) ? [] : new double[spec.GridSize];
        _current = new FieldRows<T>(spec.GridSize, spec.GridSize, spec.HasSpecies);
        _next = new FieldRows<T>(spec.GridSize, spec.GridSize, spec.HasSpecies);
        MaxStepsPerPass = spec.IsJitterEnabled ? 1 : StepsPerPass(spec.GridSize);

        // Noise is drawn row by row, in their order: by one thread.
        _jitter = spec.IsJitterEnabled ? new Jitter<T>(spec, random) : null;
        var kernel = StepKernel<T>.Of(spec);
        _crew = new BandCrew<T>(
            spec.GridSize,
            MaxStepsPerPass,
            spec.IsJitterEnabled ? StepHelpers.None : helpers,
            () => new BandSweep<T>(spec, kernel, MaxStepsPerPass, _jitter));
    }

    public override int MaxStepsPerPass { get; }

    public override ReadOnlySpan<double> Potential => AsDoubles(_current.Potential, 0);

    public override ReadOnlySpan<float> PotentialSingles =>
        typeof(T) == typeof(float) ? MemoryMarshal.Cast<T, float>(_current.Potential) : [];

    public override ReadOnlySpan<double> Activator => AsDoubles(_current.Activator, 1);

    public override ReadOnlySpan<double> Inhibitor => AsDoubles(_current.Inhibitor, 2);

    public override void Draw()
    {
        Fill(_current.Potential, drawn => _random.FillNormal(InitialPotentialMean, InitialPotentialDeviation, drawn));
        Fill(_current.Activator, drawn => _random.FillUniform(0.0, LargestInitialConcentration, drawn));
        Fill(_current.Inhibitor, drawn => _random.FillUniform(0.0, LargestInitialConcentration, drawn));
        KeepSpecies();
    }

    public override void Load(SimulationState state)
    {
        CellConversion.Narrow(state.Potential.AsSpan(), _current.Potential);
        CellConversion.Narrow(state.Activator.AsSpan(), _current.Activator);
        CellConversion.Narrow(state.Inhibitor.AsSpan(), _current.Inhibitor);
        KeepSpecies();
    }

    public override RowCounts Advance(ReadOnlyMemory<GrowthEvent?> growthEvents, CancellationToken cancellationToken)
    {
        var first = growthEvents.Span[0];
        ref var spiked = ref _current.Potential[first is null ? 0 : (first.Value.Row * _spec.GridSize) + first.Value.Column];
        var before = spiked;
        if (first is { } growthEvent)
        {
            spiked += T.CreateChecked(growthEvent.Amplitude);
        }

        var isTaken = false;
        try
        {
            var counts = _crew.Advance(new(_current, _next, growthEvents, cancellationToken));
            isTaken = counts.IsFinite || growthEvents.Length == 1;
            return counts;
        }
        finally
        {
            if (isTaken)
            {
                (_current, _next) = (_next, _current);
                Array.Clear(_isWidened);
            }
            else
            {
                spiked = before;
            }
        }
    }

    public override void Dispose()
    {
        _current.Dispose();
        _next.Dispose();
        _crew.Dispose();
        _jitter?.Dispose();
    }

    /// <summary>One where all fields stay in the second cache, and have nothing to gain; more than eight would gain little.</summary>
    private static int StepsPerPass(int gridSize)
    {
        const int BytesInCache = 1024 * 1024;
        const int FieldBuffers = 6;
        return (long)FieldBuffers * gridSize * gridSize * Unsafe.SizeOf<T>() <= BytesInCache ? 1 : 8;
    }

    /// <summary>Species that do not evolve are the same before and after every pass, which does not write them.</summary>
    private void KeepSpecies()
    {
        if (!_spec.IsTuringEnabled)
        {
            _current.Activator.CopyTo(_next.Activator);
            _current.Inhibitor.CopyTo(_next.Inhibitor);
        }
    }

    private void Fill(Span<T> cells, Action<Span<double>> draw)
    {
        // Row by row, so that what the draws write is still in the cache when they are scaled.
        for (var i = 0; i < cells.Length; i += _spec.GridSize)
        {
            var row = cells.Slice(i, _spec.GridSize);
            if (typeof(T) == typeof(double))
            {
                draw(MemoryMarshal.Cast<T, double>(row));
                continue;
            }

            draw(_drawn);
            CellConversion.Narrow(_drawn, row);
        }
    }

    private ReadOnlySpan<double> AsDoubles(Span<T> cells, int index)
    {
        if (typeof(T) == typeof(double))
        {
            return MemoryMarshal.Cast<T, double>(cells);
        }

        if (!_isWidened[index])
        {
            if (_widened[index].Length != cells.Length)
            {
                _widened[index] = new double[cells.Length];
            }

            CellConversion.Widen<T>(cells, _widened[index]);
            _isWidened[index] = true;
        }

        return _widened[index];
    }
}
