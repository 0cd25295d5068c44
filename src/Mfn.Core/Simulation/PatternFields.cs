using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mfn.Core.Kinetics;
using Mfn.Core.Randomness;

namespace Mfn.Core.Simulation;

/// <summary>The fields of kinetics that form patterns: two of each, of which a pass over the memory reads one and writes the other.</summary>
internal sealed class PatternFields<T> : ReactionDiffusion
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly PatternSpec _spec;
    private readonly RandomGenerator _random;
    private readonly PatternNoise<T>? _noise;
    private readonly AlternatingDirections<T>? _directions;
    private readonly BandCrew<T>? _crew;
    private readonly GrowthEvent?[] _parts = [];
    private readonly int _partsPerStep;
    private readonly WidenedFields<T> _widened = new(PatternPlanes.CellPlanes);
    private FieldRows<T> _current;
    private FieldRows<T>? _next;

    public PatternFields(SimulationSpec spec, RandomGenerator random, StepHelpers helpers)
    {
        _spec = spec.Pattern!;
        _random = random;
        _noise = PatternNoise<T>.Of(_spec, random);
        var boundaries = PatternPlanes.Boundaries(_spec);
        _current = new FieldRows<T>(_spec.RowCount, _spec.ColumnCount, boundaries.Length);
        _next = IsInPlace(_spec, _noise is not null) ? null : new FieldRows<T>(_spec.RowCount, _spec.ColumnCount, boundaries.Length);
        if (_spec.Integrator == Integrator.Adi)
        {
            _directions = AlternatingDirections<T>.Of(_spec);
            MaxStepsPerPass = 1;
            return;
        }

        var kernels = PatternKernel.Of<T>(_spec);
        _partsPerStep = kernels.Length;
        MaxStepsPerPass = _noise is null ? StepsPerPass(_spec.RowCount, _spec.ColumnCount, _partsPerStep) : 1;
        _parts = new GrowthEvent?[MaxStepsPerPass * _partsPerStep];

        var plan = new SweepPlan<T>(_spec.RowCount, _spec.ColumnCount, boundaries, [.. kernels], jitter: null);
        _crew = new BandCrew<T>(_spec.RowCount, _spec.ColumnCount, _parts.Length, plan.HasAnyOrder ? helpers : StepHelpers.None, () => new BandSweep<T>(plan, _parts.Length));
        foreach (var fields in new[] { _current, _next! })
        {
            PatternPlanes.FillMask(_spec, fields.Plane(PatternPlanes.CellPlanes));
            if (_spec.Kinetics.SpeciesCount < PatternPlanes.CellPlanes)
            {
                // Memory that a run before has used: what is handed on is written before it is read, but copied before it is written.
                fields.Plane(1).Clear();
            }
        }
    }

    public override int MaxStepsPerPass { get; }

    public override ReadOnlySpan<double> Field(int index) => index < _spec.Kinetics.SpeciesCount ? _widened.Of(_current.Plane(index), index) : [];

    public override ReadOnlySpan<float> Singles(int index) =>
        typeof(T) == typeof(float) && index < _spec.Kinetics.SpeciesCount ? MemoryMarshal.Cast<T, float>(_current.Plane(index)) : [];

    public override void Draw() => _spec.Initial.Draw(
        _spec,
        _random,
        (species, row, cells) => CellConversion.Narrow(cells, _current.Plane(species).Slice(row * _spec.ColumnCount, _spec.ColumnCount)));

    public override void Load(SimulationState state)
    {
        for (var i = 0; i < state.Species.Length; i++)
        {
            CellConversion.Narrow(state.Species[i].AsSpan(), _current.Plane(i));
        }
    }

    // Compiled for good at once, as the kernels: otherwise the first hundreds of runs of small fields take twice as long.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override RowCounts Advance(ReadOnlyMemory<GrowthEvent?> growthEvents, CancellationToken cancellationToken)
    {
        var next = _next ?? _current;
        var counts = _crew is not null
            ? _crew.Advance(new(_current, next, _parts.AsMemory(0, growthEvents.Length * _partsPerStep), cancellationToken))
            : new RowCounts(0, 0, _directions!.Advance(_current, next, _next is null ? CancellationToken.None : cancellationToken));
        if (_noise is not null)
        {
            counts = counts with { IsFinite = counts.IsFinite & _noise.Add(_current, next) };
        }

        if (counts.IsFinite || growthEvents.Length == 1)
        {
            (_current, _next) = (next, _next is null ? null : _current);
            _widened.Forget();
        }

        return counts;
    }

    public override void Dispose()
    {
        _current.Dispose();
        _next?.Dispose();
        _crew?.Dispose();
        _widened.Dispose();
    }

    /// <summary>
    /// Whether the fields after a step take the place of those before, which is half the memory to go through. Such a step cannot be given up half way,
    /// and so many cells take about 10 ms. Noise needs the fields before.
    /// </summary>
    private static bool IsInPlace(PatternSpec spec, bool hasNoise)
    {
        const int MostCells = 1 << 22;
        return spec.Integrator == Integrator.Adi && !hasNoise && spec.CellCount <= MostCells;
    }

    /// <summary>One where the rows that a pass computes besides would be many, or have nothing to gain.</summary>
    private static int StepsPerPass(int rowCount, int columnCount, int partsPerStep)
    {
        const int FieldBuffers = 4;
        // Twice the second cache: rows between the steps of a pass go there and back, which costs more than it saves until then.
        const int BytesInCache = 2 * 1024 * 1024;

        // Many steps save memory more, as long as their rows fit the second cache.
        const int MostBytesPerRow = 12 * 1024;
        return (long)FieldBuffers * rowCount * columnCount * Unsafe.SizeOf<T>() <= BytesInCache ? 1
            : (PatternPlanes.CellPlanes * columnCount * Unsafe.SizeOf<T>() <= MostBytesPerRow ? 16 : 8) / partsPerStep;
    }
}
