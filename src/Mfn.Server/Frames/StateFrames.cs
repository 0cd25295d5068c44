using System.Runtime.InteropServices;
using Mfn.Core.Features;
using Mfn.Core.Statistics;

namespace Mfn.Server.Frames;

/// <summary>What is made of one state: each thing once, however many formats have it in common. Not thread-safe.</summary>
internal sealed class StateFrames(IFrameMemory memory)
{
    private readonly Dictionary<(CellEncoding, FieldWindow), Snapshot> _snapshots = [];
    private readonly Dictionary<FieldWindow, WindowCells> _windows = [];
    private readonly Dictionary<FeatureOptions, FeatureVector> _features = [];
    private FieldStatistics? _statistics;
    private (CellEncoding, FieldWindow)? _given;

    /// <summary>Takes over a field that is there already.</summary>
    public void Add(EncodedField field, FieldWindow window, SharedPayload payload)
    {
        _given = (field.Encoding, window);
        _snapshots.Add((field.Encoding, window), new Snapshot(payload, field));
    }

    /// <summary>The bytes of memory that a frame takes which is not there yet.</summary>
    public long BytesFor(FrameFormat format)
    {
        var byteCount = (long)EncodedField.ByteCount(format.Window.SquareCount, format.Encoding);
        return (_snapshots.ContainsKey((format.Encoding, format.Window)) ? 0 : byteCount) + (format.Deltas is null ? 0 : byteCount);
    }

    /// <summary>Makes a frame, which whoever gets it releases.</summary>
    /// <param name="source">The state; the same one as ever.</param>
    /// <param name="format">What to make.</param>
    /// <param name="deltas">The frames that it builds on; none if the format has no deltas.</param>
    /// <param name="compressor">For its delta.</param>
    /// <exception cref="BacklogMemoryException">The memory for it is taken.</exception>
    public SharedFrame Make(in FrameSource source, FrameFormat format, DeltaGroup? deltas, DifferenceCompressor compressor)
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
        var delta = deltas?.Advance(source.Step, source.Revision, payload, compressor);
        return new SharedFrame(source.Step, source.Revision, facts, field, payload, delta);
    }

    /// <summary>Lets go of what was made for a format that has nothing in common with others: frames that watchers have keep it.</summary>
    public void Forget(CellEncoding encoding, FieldWindow window)
    {
        if (_given != (encoding, window) && _snapshots.Remove((encoding, window), out var snapshot))
        {
            snapshot.Payload.Release();
        }

        if (_windows.Remove(window, out var cells))
        {
            cells.Free();
        }
    }

    /// <summary>Lets go of all.</summary>
    public void Forget()
    {
        foreach (var snapshot in _snapshots.Values)
        {
            snapshot.Payload.Release();
        }

        foreach (var cells in _windows.Values)
        {
            cells.Free();
        }

        _snapshots.Clear();
        _windows.Clear();
        _features.Clear();
        _statistics = null;
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

            var buffer = memory.Rent(EncodedField.ByteCount(window.SquareCount, encoding));
            var field = Encode(source, cells, window, encoding, buffer.Memory);
            snapshot = new Snapshot(new SharedPayload(buffer), field);
            _snapshots.Add((encoding, window), snapshot);
        }

        return snapshot;
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
