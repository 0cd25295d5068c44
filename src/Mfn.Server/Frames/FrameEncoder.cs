using System.Runtime.InteropServices;
using Mfn.Core.Features;
using Mfn.Core.Statistics;

namespace Mfn.Server.Frames;

/// <summary>
/// Makes the frames of one run, each once for all watchers who share it, and what several formats have in common once for all of them. Holds the
/// frames of the last state it was asked about, and what deltas build on, until it is asked about another state or forgets them. Not thread-safe.
/// </summary>
internal sealed class FrameEncoder(FieldBufferPool buffers) : IDisposable
{
    private readonly DifferenceCompressor _compressor = new(buffers);

    // What was made of the state.
    private readonly Dictionary<FrameFormat, SharedFrame> _frames = [];
    private readonly Dictionary<(CellEncoding, FieldWindow), Snapshot> _snapshots = [];
    private readonly Dictionary<FieldWindow, WindowCells> _windows = [];
    private readonly Dictionary<FeatureOptions, FeatureVector> _features = [];
    private FieldStatistics? _statistics;
    private int _step;
    private long _revision;

    private readonly Dictionary<(CellEncoding, FieldWindow, DeltaPlan), DeltaGroup> _groups = [];

    /// <summary>The frame of a state in a format, which the caller must release. States come in their order, though not all need to come.</summary>
    /// <remarks>
    /// A frame asked for with deltas is what the next one of its format builds on, so that one for a single watcher, such as the first of one who
    /// joins between two frames of the others, is to be asked for without.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The window exceeds the field.</exception>
    public SharedFrame Encode(in FrameSource source, FrameFormat format)
    {
        if (source.Step != _step || source.Revision != _revision)
        {
            BeginState(source.Step, source.Revision);
        }

        if (!_frames.TryGetValue(format, out var frame))
        {
            frame = Make(source, format);
            _frames.Add(format, frame);
        }

        frame.Retain();
        return frame;
    }

    /// <summary>Releases all that is held: to be called when nobody watches any more. The next frame of each format has no delta.</summary>
    public void Forget()
    {
        ForgetState();
        foreach (var group in _groups.Values)
        {
            group.Forget();
        }

        _groups.Clear();
    }

    /// <inheritdoc cref="Forget"/>
    public void Dispose() => Forget();

    private void BeginState(int step, long revision)
    {
        ForgetState();
        (_step, _revision) = (step, revision);
        foreach (var (key, group) in _groups)
        {
            if (group.ForgetIfStale(step, revision))
            {
                _groups.Remove(key);
            }
        }
    }

    private void ForgetState()
    {
        foreach (var frame in _frames.Values)
        {
            frame.Release();
        }

        foreach (var snapshot in _snapshots.Values)
        {
            snapshot.Payload.Release();
        }

        foreach (var cells in _windows.Values)
        {
            cells.Free();
        }

        _frames.Clear();
        _snapshots.Clear();
        _windows.Clear();
        _features.Clear();
        _statistics = null;
    }

    private SharedFrame Make(in FrameSource source, FrameFormat format)
    {
        var facts = new FrameFacts(
            format.Window,
            format.Window.IsWhole(source.GridSize),
            format.HasStatistics ? _statistics ??= FieldStatistics.Of(source.Potential) : null,
            format.Features is { } options ? FeaturesOf(source, options) : null,
            source.GrowthEventCount);
        if (format.Encoding == CellEncoding.None)
        {
            return new SharedFrame(source.Step, source.Revision, facts, field: null, snapshot: null, delta: null);
        }

        var (payload, field) = SnapshotOf(source, format.Encoding, format.Window);
        FrameDelta? delta = format.Deltas is { } plan
            ? GroupOf(format.Encoding, format.Window, plan).Advance(source.Step, source.Revision, payload, _compressor)
            : null;
        return new SharedFrame(source.Step, source.Revision, facts, field, payload, delta);
    }

    private FeatureVector FeaturesOf(in FrameSource source, FeatureOptions options)
    {
        if (!_features.TryGetValue(options, out var features))
        {
            features = FeatureVector.Of(source.Potential, source.GridSize, source.GridSize, options);
            _features.Add(options, features);
        }

        return features;
    }

    private Snapshot SnapshotOf(in FrameSource source, CellEncoding encoding, FieldWindow window)
    {
        if (!_snapshots.TryGetValue((encoding, window), out var snapshot))
        {
            if (!_windows.TryGetValue(window, out var cells))
            {
                cells = new WindowCells(source, window);
                _windows.Add(window, cells);
            }

            var buffer = buffers.Rent(EncodedField.ByteCount(window.SquareCount, encoding));
            var field = Encode(source, cells, window, encoding, buffer.Memory);
            snapshot = new Snapshot(new SharedPayload(buffer), field);
            _snapshots.Add((encoding, window), snapshot);
        }

        return snapshot;
    }

    private DeltaGroup GroupOf(CellEncoding encoding, FieldWindow window, DeltaPlan plan)
    {
        if (!_groups.TryGetValue((encoding, window, plan), out var group))
        {
            group = new DeltaGroup(plan, EncodedField.CellSize(encoding));
            _groups.Add((encoding, window, plan), group);
        }

        return group;
    }

    private static EncodedField Encode(in FrameSource source, WindowCells cells, FieldWindow window, CellEncoding encoding, Memory<byte> destination)
    {
        var (rowCount, columnCount) = (window.SquareRowCount, window.SquareColumnCount);
        switch (encoding)
        {
            case CellEncoding.Quantized16:
            case CellEncoding.Quantized8:
                return Quantize(cells.Of(source), cells.ExtremesIn(source), rowCount, columnCount, encoding, destination);
            case CellEncoding.Float32 when cells.IsWholeField && !source.PotentialSingles.IsEmpty:
                return EncodedField.OfSingles(source.PotentialSingles, rowCount, columnCount, destination);
            default:
                var isExact = encoding == CellEncoding.Float64 || (window.Downsampling == 1 && !source.PotentialSingles.IsEmpty);
                return EncodedField.Encode(cells.Of(source), rowCount, columnCount, encoding, destination) with
                {
                    LargestError = isExact ? 0.0 : cells.ExtremesIn(source).LargestSingleError,
                };
        }
    }

    private static EncodedField Quantize(
        ReadOnlySpan<double> cells, CellExtremes extremes, int rowCount, int columnCount, CellEncoding encoding, Memory<byte> destination)
    {
        var quantization = Quantization.Of(extremes, EncodedField.CellSize(encoding) * 8);
        if (encoding == CellEncoding.Quantized16)
        {
            quantization.Apply(cells, MemoryMarshal.Cast<byte, ushort>(destination.Span));
        }
        else
        {
            quantization.Apply(cells, destination.Span);
        }

        return new EncodedField(rowCount, columnCount, encoding, destination)
        {
            Quantum = quantization.Quantum,
            FirstLevel = quantization.FirstLevel,
            LargestError = quantization.LargestError,
        };
    }

    private readonly record struct Snapshot(SharedPayload Payload, EncodedField Field);
}
