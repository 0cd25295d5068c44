using System.Buffers;
using Mfn.Core.Simulation;
using Mfn.Core.Statistics;
using Mfn.Server.Frames;

namespace Mfn.Server.Simulation;

/// <summary>A run after one of its steps. Whoever takes it disposes it, which returns the field's buffer.</summary>
internal sealed class SimulationFrame(
    int step, FieldStatistics statistics, IReadOnlyList<GrowthEvent> growthEvents, Findings findings, EncodedField? field, IMemoryOwner<byte>? buffer)
    : IDisposable
{
    /// <summary>Steps completed.</summary>
    public int Step { get; } = step;

    /// <summary>Of the potential, in volts.</summary>
    public FieldStatistics Statistics { get; } = statistics;

    /// <summary>Those since the previous frame.</summary>
    public IReadOnlyList<GrowthEvent> GrowthEvents { get; } = growthEvents;

    /// <summary>What the analysis of the run so far has found, if the plan has analysis.</summary>
    public Findings Findings { get; } = findings;

    /// <summary>The field, if the plan has fields; its bytes are valid until the frame is disposed.</summary>
    public EncodedField? Field { get; } = field;

    public void Dispose() => buffer?.Dispose();
}
