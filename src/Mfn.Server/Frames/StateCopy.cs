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
    private readonly SpeciesCells?[] _species;
    private readonly Action<StateCopy> _onFreed;

    private StateCopy(SimulationEngine engine, long revision, SpeciesCells?[] species, IFrameMemory memory, Action<StateCopy> onFreed)
    {
        Spec = engine.Spec;
        Step = engine.Step;
        Revision = revision;
        GrowthEventCount = engine.Counts.GrowthEvents;
        _species = species;
        _onFreed = onFreed;
        Frames = new StateFrames(memory);

        // The whole field as it was computed is this copy.
        var (rowCount, columnCount) = (Spec.RowCount, Spec.ColumnCount);
        for (var i = 0; i < species.Length; i++)
        {
            if (species[i] is { } cells)
            {
                var encoding = cells.HasSingles ? CellEncoding.Float32 : CellEncoding.Float64;
                Frames.Add(
                    new EncodedField(rowCount, columnCount, encoding, cells.Payload.Bytes) { IsPotential = Spec.IsPotential(i) },
                    new FieldWindow(0, 0, rowCount, columnCount, Downsampling: 1) { Species = i },
                    cells.Payload);
                ByteCount += cells.Payload.ByteCount;
            }
        }
    }

    /// <summary>What is simulated.</summary>
    public SimulationSpec Spec { get; }

    /// <summary>Steps completed.</summary>
    public int Step { get; }

    /// <summary>Changes applied; with the step it tells the run's states apart.</summary>
    public long Revision { get; }

    /// <summary>Growth events since step 0.</summary>
    public long GrowthEventCount { get; }

    /// <summary>The bytes of the copied cells.</summary>
    public int ByteCount { get; }

    /// <summary>What was made of it.</summary>
    public StateFrames Frames { get; }

    /// <summary>A field in its unit; it must be among those that were copied.</summary>
    public ReadOnlySpan<double> Species(int index) => _species[index]!.Cells;

    /// <summary>The same as singles; empty where there are only doubles of it.</summary>
    public ReadOnlySpan<float> SpeciesSingles(int index) => _species[index]!.Singles;

    /// <summary>Whether all fields of a set were copied.</summary>
    public bool Has(SpeciesSet species) => species.All(_species.Length, index => _species[index] is not null);

    /// <summary>The bytes that a copy of some fields of an engine's state takes.</summary>
    public static int ByteCountOf(SimulationEngine engine, SpeciesSet species)
    {
        var byteCount = 0;
        for (var index = 0; index < engine.SpeciesCount; index++)
        {
            byteCount += species.Contains(index) ? ByteCountOf(engine, index) : 0;
        }

        return byteCount;
    }

    /// <summary>Whether to make a frame of an engine's state costs about as much as to copy that, or less.</summary>
    public static bool IsAsCheap(in FrameSource source, FrameFormat format) =>
        format is { HasStatistics: false, Features: null, Deltas: null } && format.Encoding switch
        {
            CellEncoding.None => true,
            CellEncoding.Float32 => IsWhole(source, format.Window),
            CellEncoding.Float64 => IsWhole(source, format.Window) && source.SpeciesSingles(format.Window.Species).IsEmpty,
            _ => false,
        };

    /// <summary>Copies fields of an engine's state, unless the memory for that is taken.</summary>
    /// <param name="engine">Between two steps.</param>
    /// <param name="revision">Of the run.</param>
    /// <param name="species">Which fields.</param>
    /// <param name="memory">For the copy and for what is made of it.</param>
    /// <param name="onFreed">Told when nobody holds it any more.</param>
    public static StateCopy? TryTake(SimulationEngine engine, long revision, SpeciesSet species, BacklogMemory memory, Action<StateCopy> onFreed)
    {
        var copies = new SpeciesCells?[engine.SpeciesCount];
        for (var index = 0; index < copies.Length; index++)
        {
            if (!species.Contains(index))
            {
                continue;
            }

            if (memory.TryRent(ByteCountOf(engine, index)) is not { } buffer)
            {
                Array.ForEach(copies, cells => cells?.Payload.Release());
                return null;
            }

            var singles = engine.SpeciesSingles(index);
            var source = singles.IsEmpty ? MemoryMarshal.AsBytes(engine.Species(index)) : MemoryMarshal.AsBytes(singles);
            source.CopyTo(buffer.Memory.Span);
            copies[index] = new SpeciesCells(new SharedPayload(buffer), HasSingles: !singles.IsEmpty);
        }

        return new StateCopy(engine, revision, copies, memory, onFreed);
    }

    protected override void Free()
    {
        Frames.Forget();
        Array.ForEach(_species, cells => cells?.Free());
        _onFreed(this);
    }

    private static bool IsWhole(in FrameSource source, FieldWindow window) => window.Downsampling == 1 && window.IsWhole(source.RowCount, source.ColumnCount);

    private static int ByteCountOf(SimulationEngine engine, int species) =>
        (engine.SpeciesSingles(species).IsEmpty ? sizeof(double) : sizeof(float)) * engine.Spec.CellCount;

    /// <summary>The cells of one field. What is made of the copy holds them.</summary>
    private sealed record SpeciesCells(SharedPayload Payload, bool HasSingles)
    {
        private double[]? _widened;

        public ReadOnlySpan<float> Singles => HasSingles ? MemoryMarshal.Cast<byte, float>(Payload.Bytes.Span) : [];

        public ReadOnlySpan<double> Cells
        {
            get
            {
                if (!HasSingles)
                {
                    return MemoryMarshal.Cast<byte, double>(Payload.Bytes.Span);
                }

                if (_widened is null)
                {
                    _widened = ArrayPool<double>.Shared.Rent(Singles.Length);
                    CellConversion.Widen(Singles, _widened.AsSpan(0, Singles.Length));
                }

                return _widened.AsSpan(0, Singles.Length);
            }
        }

        public void Free()
        {
            if (_widened is not null)
            {
                ArrayPool<double>.Shared.Return(_widened);
            }
        }
    }
}
