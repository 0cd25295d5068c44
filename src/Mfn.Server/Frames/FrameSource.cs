using Mfn.Core.Simulation;

namespace Mfn.Server.Frames;

/// <summary>A run between two steps, seen by who makes frames of it.</summary>
internal readonly ref struct FrameSource
{
    private readonly SimulationEngine? _engine;
    private readonly StateCopy? _copy;
    private readonly ReadOnlySpan<double> _potential;

    /// <summary>An engine as it is; valid until its next step.</summary>
    public FrameSource(SimulationEngine engine, long revision)
    {
        _engine = engine;
        GridSize = engine.Spec.GridSize;
        Step = engine.Step;
        Revision = revision;
        GrowthEventCount = engine.Counts.GrowthEvents;
    }

    /// <summary>The copy of a state.</summary>
    public FrameSource(StateCopy copy)
    {
        _copy = copy;
        GridSize = copy.GridSize;
        Step = copy.Step;
        Revision = copy.Revision;
        GrowthEventCount = copy.GrowthEventCount;
    }

    /// <summary>A field of doubles.</summary>
    public FrameSource(ReadOnlySpan<double> potential, int gridSize, int step, long revision, long growthEventCount)
    {
        _potential = potential;
        GridSize = gridSize;
        Step = step;
        Revision = revision;
        GrowthEventCount = growthEventCount;
    }

    /// <summary>The rows, and the cells in a row.</summary>
    public int GridSize { get; }

    /// <summary>Steps completed.</summary>
    public int Step { get; }

    /// <summary>Changes applied; with the step it tells the run's states apart.</summary>
    public long Revision { get; }

    /// <summary>Growth events since step 0.</summary>
    public long GrowthEventCount { get; }

    /// <summary>The potential in volts.</summary>
    public ReadOnlySpan<double> Potential => _engine is not null ? _engine.Potential : _copy is not null ? _copy.Potential : _potential;

    /// <summary>The same as singles; empty if the run's cells are doubles.</summary>
    public ReadOnlySpan<float> PotentialSingles => _engine is not null ? _engine.PotentialSingles : _copy is not null ? _copy.PotentialSingles : [];
}
