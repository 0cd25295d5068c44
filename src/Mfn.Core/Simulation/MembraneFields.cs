using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mfn.Core.Randomness;

namespace Mfn.Core.Simulation;

/// <summary>The fields of the reference's model: the membrane potential and, if it has them, an activator and an inhibitor.</summary>
internal sealed class MembraneFields<T> : ReactionDiffusion
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

    private readonly WidenedFields<T> _widened = new(3);

    public MembraneFields(SimulationSpec spec, RandomGenerator random, StepHelpers helpers)
    {
        _spec = spec;
        _random = random;
        _drawn = typeof(T) == typeof(double) ? [] : new double[spec.GridSize];
        _current = new FieldRows<T>(spec.GridSize, spec.GridSize, spec.HasSpecies ? 3 : 1);
        _next = new FieldRows<T>(spec.GridSize, spec.GridSize, spec.HasSpecies ? 3 : 1);
        MaxStepsPerPass = spec.IsJitterEnabled ? 1 : StepsPerPass(spec.GridSize);
        _jitter = spec.IsJitterEnabled ? new Jitter<T>(spec, random) : null;
        var plan = SweepPlan<T>.Of(spec, StepKernel<T>.Of(spec), _jitter);
        _crew = new BandCrew<T>(
            spec.GridSize,
            spec.GridSize,
            MaxStepsPerPass,
            plan.HasAnyOrder ? helpers : StepHelpers.None,
            () => new BandSweep<T>(plan, MaxStepsPerPass));
    }

    public override int MaxStepsPerPass { get; }

    public override ReadOnlySpan<double> Field(int index) => _widened.Of(_current.Plane(index), index);

    public override ReadOnlySpan<float> Singles(int index) =>
        typeof(T) == typeof(float) ? MemoryMarshal.Cast<T, float>(_current.Plane(index)) : [];

    /// <summary>All normals of the potential, then the uniforms of each species.</summary>
    public override void Draw()
    {
        Fill(_current.Potential, drawn => _random.FillNormal(InitialPotentialMean, InitialPotentialDeviation, drawn));
        Fill(_current.Activator, drawn => _random.FillUniform(0.0, LargestInitialConcentration, drawn));
        Fill(_current.Inhibitor, drawn => _random.FillUniform(0.0, LargestInitialConcentration, drawn));
        KeepSpecies();
    }

    public override void Load(SimulationState state)
    {
        for (var i = 0; i < state.Species.Length; i++)
        {
            CellConversion.Narrow(state.Species[i].AsSpan(), _current.Plane(i));
        }

        KeepSpecies();
    }

    // Compiled for good at once, as the kernels: otherwise the first hundreds of runs of small fields take twice as long.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
                _widened.Forget();
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
        _widened.Dispose();
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
}
