using System.Buffers;
using System.Runtime.InteropServices;
using Mfn.Core.Simulation;

namespace Mfn.Server.Frames;

/// <summary>
/// A run's state between two steps, copied so that frames can be made of it while the run goes on. It holds what is made of it, each thing once.
/// Who makes frames of it does so one at a time.
/// </summary>
internal sealed class StateCopy : SharedResource
{
    private readonly SharedPayload _cells;
    private readonly bool _hasSingles;
    private readonly Action<StateCopy> _onFreed;
    private double[]? _widened;

    private StateCopy(SimulationEngine engine, long revision, SharedPayload cells, IFrameMemory memory, Action<StateCopy> onFreed)
    {
        GridSize = engine.Spec.GridSize;
        Step = engine.Step;
        Revision = revision;
        GrowthEventCount = engine.Counts.GrowthEvents;
        _cells = cells;
        _onFreed = onFreed;
        _hasSingles = !engine.PotentialSingles.IsEmpty;
        Frames = new StateFrames(memory);

        // The whole field as it was computed is this copy.
        var encoding = _hasSingles ? CellEncoding.Float32 : CellEncoding.Float64;
        Frames.Add(new EncodedField(GridSize, GridSize, encoding, cells.Bytes), FieldWindow.Whole(GridSize), cells);
    }

    /// <summary>The rows, and the cells in a row.</summary>
    public int GridSize { get; }

    /// <summary>Steps completed.</summary>
    public int Step { get; }

    /// <summary>Changes applied; with the step it tells the run's states apart.</summary>
    public long Revision { get; }

    /// <summary>Growth events since step 0.</summary>
    public long GrowthEventCount { get; }

    /// <summary>The bytes of the copied cells.</summary>
    public int ByteCount => _cells.ByteCount;

    /// <summary>What was made of it.</summary>
    public StateFrames Frames { get; }

    /// <summary>The potential in volts.</summary>
    public ReadOnlySpan<double> Potential
    {
        get
        {
            var cells = _cells.Bytes.Span;
            if (!_hasSingles)
            {
                return MemoryMarshal.Cast<byte, double>(cells);
            }

            var cellCount = GridSize * GridSize;
            if (_widened is null)
            {
                _widened = ArrayPool<double>.Shared.Rent(cellCount);
                CellConversion.Widen(MemoryMarshal.Cast<byte, float>(cells), _widened.AsSpan(0, cellCount));
            }

            return _widened.AsSpan(0, cellCount);
        }
    }

    /// <summary>The same as singles; empty if the run's cells are doubles.</summary>
    public ReadOnlySpan<float> PotentialSingles => _hasSingles ? MemoryMarshal.Cast<byte, float>(_cells.Bytes.Span) : [];

    /// <summary>The bytes that a copy of an engine's state takes.</summary>
    public static int ByteCountOf(SimulationEngine engine) =>
        (engine.PotentialSingles.IsEmpty ? sizeof(double) : sizeof(float)) * engine.Spec.GridSize * engine.Spec.GridSize;

    /// <summary>Whether to make a frame of an engine's state costs about as much as to copy that, or less.</summary>
    public static bool IsAsCheap(in FrameSource source, FrameFormat format) =>
        format is { HasStatistics: false, Features: null, Deltas: null } && format.Encoding switch
        {
            CellEncoding.None => true,
            CellEncoding.Float32 => format.Window == FieldWindow.Whole(source.GridSize),
            CellEncoding.Float64 => format.Window == FieldWindow.Whole(source.GridSize) && source.PotentialSingles.IsEmpty,
            _ => false,
        };

    /// <summary>Copies an engine's state, unless the memory for that is taken.</summary>
    /// <param name="engine">Between two steps.</param>
    /// <param name="revision">Of the run.</param>
    /// <param name="memory">For the copy and for what is made of it.</param>
    /// <param name="onFreed">Told when nobody holds it any more.</param>
    public static StateCopy? TryTake(SimulationEngine engine, long revision, BacklogMemory memory, Action<StateCopy> onFreed)
    {
        if (memory.TryRent(ByteCountOf(engine)) is not { } buffer)
        {
            return null;
        }

        var source = engine.PotentialSingles.IsEmpty ? MemoryMarshal.AsBytes(engine.Potential) : MemoryMarshal.AsBytes(engine.PotentialSingles);
        source.CopyTo(buffer.Memory.Span);
        return new StateCopy(engine, revision, new SharedPayload(buffer), memory, onFreed);
    }

    protected override void Free()
    {
        Frames.Forget();
        if (_widened is not null)
        {
            ArrayPool<double>.Shared.Return(_widened);
        }

        _onFreed(this);
    }
}
