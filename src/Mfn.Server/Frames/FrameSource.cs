using Mfn.Core.Simulation;

namespace Mfn.Server.Frames;

/// <summary>A run between two steps, seen by who makes frames of it.</summary>
internal readonly ref struct FrameSource
{
    private readonly SimulationEngine? _engine;
    private readonly StateCopy? _copy;
    private readonly ReadOnlySpan<double> _field;

    /// <summary>An engine as it is; valid until its next step.</summary>
    public FrameSource(SimulationEngine engine, long revision)
    {
        _engine = engine;
        Spec = engine.Spec;
        RowCount = engine.Spec.RowCount;
        ColumnCount = engine.Spec.ColumnCount;
        Step = engine.Step;
        Revision = revision;
        GrowthEventCount = engine.Counts.GrowthEvents;
    }

    /// <summary>The copy of a state.</summary>
    public FrameSource(StateCopy copy)
    {
        _copy = copy;
        Spec = copy.Spec;
        RowCount = copy.Spec.RowCount;
        ColumnCount = copy.Spec.ColumnCount;
        Step = copy.Step;
        Revision = copy.Revision;
        GrowthEventCount = copy.GrowthEventCount;
    }

    /// <summary>A square potential of doubles.</summary>
    public FrameSource(ReadOnlySpan<double> potential, int gridSize, int step, long revision, long growthEventCount)
    {
        _field = potential;
        RowCount = gridSize;
        ColumnCount = gridSize;
        Step = step;
        Revision = revision;
        GrowthEventCount = growthEventCount;
    }

    /// <summary>What is simulated; null for a field alone.</summary>
    public SimulationSpec? Spec { get; }

    /// <summary>The rows.</summary>
    public int RowCount { get; }

    /// <summary>The cells in a row.</summary>
    public int ColumnCount { get; }

    /// <summary>Steps completed.</summary>
    public int Step { get; }

    /// <summary>Changes applied; with the step it tells the run's states apart.</summary>
    public long Revision { get; }

    /// <summary>Growth events since step 0.</summary>
    public long GrowthEventCount { get; }

    /// <summary>A field, in its unit.</summary>
    public ReadOnlySpan<double> Species(int index) => _engine is not null ? _engine.Species(index) : _copy is not null ? _copy.Species(index) : _field;

    /// <summary>The same as singles; empty where there are only doubles of it.</summary>
    public ReadOnlySpan<float> SpeciesSingles(int index) => _engine is not null ? _engine.SpeciesSingles(index) : _copy is not null ? _copy.SpeciesSingles(index) : [];
}
