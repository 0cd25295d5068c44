using System.Buffers;
using System.Collections.Immutable;
using Mfn.Core.Simulation;
using Mfn.Server.Frames;

namespace Mfn.Server.Simulation;

/// <summary>A run after one of its steps. Whoever takes it disposes it, which returns the field's buffer.</summary>
internal sealed class SimulationFrame(
    int step, SimulationSummaryFacts facts, IReadOnlyList<GrowthEvent> growthEvents, Findings findings, ImmutableArray<EncodedField> fields, IMemoryOwner<byte>? buffer)
    : IDisposable
{
    /// <summary>Steps completed.</summary>
    public int Step { get; } = step;

    /// <summary>Time and statistics.</summary>
    public SimulationSummaryFacts Facts { get; } = facts;

    /// <summary>Those since the previous frame.</summary>
    public IReadOnlyList<GrowthEvent> GrowthEvents { get; } = growthEvents;

    /// <summary>What the analysis of the run so far has found, if the plan has analysis.</summary>
    public Findings Findings { get; } = findings;

    /// <summary>The fields asked for, if the plan has fields; their bytes are valid until the frame is disposed.</summary>
    public ImmutableArray<EncodedField> Fields { get; } = fields;

    public void Dispose() => buffer?.Dispose();
}
