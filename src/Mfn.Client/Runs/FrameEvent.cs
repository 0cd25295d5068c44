using Mfn.Contracts.V1;

namespace Mfn.Client.Runs;

/// <summary>The state of a run after a step.</summary>
/// <param name="Position">Where the watcher is with it.</param>
/// <param name="Field">The field as it was sent, with a delta already applied; none if the request asked for none.</param>
/// <param name="Facts">What the frame tells beside the field.</param>
/// <param name="IsDelta">Whether the field came as its differences from the frame before.</param>
public sealed record FrameEvent(WatchPosition Position, Field? Field, FrameFacts Facts, bool IsDelta) : WatchEvent(Position)
{
    private double[]? _cells;

    /// <summary>The cells, row after row: of a potential in volts, of a species in its own unit; empty without a field.</summary>
    public ReadOnlyMemory<double> Cells => Field is null ? default : _cells ??= Field.ToCells();
}
