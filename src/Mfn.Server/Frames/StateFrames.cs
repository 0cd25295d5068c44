using System.Runtime.InteropServices;
using Mfn.Core.Features;
using Mfn.Core.Spectra;
using Mfn.Core.Statistics;

namespace Mfn.Server.Frames;

/// <summary>What is made of one state: each thing once, however many formats have it in common. Not thread-safe.</summary>
internal sealed class StateFrames(IFrameMemory memory)
{
    private readonly Dictionary<(CellEncoding, FieldWindow), Snapshot> _snapshots = [];
    private readonly Dictionary<FieldWindow, WindowCells> _windows = [];
    private readonly Dictionary<(int Species, FeatureOptions), FeatureVector> _features = [];
    private readonly Dictionary<(int Species, PatternFeatureOptions), PatternFeatures> _patterns = [];
    private readonly Dictionary<int, FieldStatistics> _statistics = [];
    private readonly HashSet<(CellEncoding, FieldWindow)> _given = [];

    /// <summary>Takes over a field that is there already.</summary>
    public void Add(EncodedField field, FieldWindow window, SharedPayload payload)
    {
        _given.Add((field.Encoding, window));
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
            format.Window.IsWhole(source.RowCount, source.ColumnCount),
            format.HasStatistics ? StatisticsOf(source, format.Window.Species) : null,
            format.Features is { } options ? FeaturesOf(source, format.Window.Species, options) : null,
            source.GrowthEventCount)
        {
            Species = source.Spec is { } spec ? spec.SpeciesSymbols[format.Window.Species] : "potential",
            IsPotential = source.Spec?.IsPotential(format.Window.Species) ?? true,
            Pattern = format.Pattern is { } pattern ? PatternOf(source, format.Window.Species, pattern) : null,
            Time = source.Spec?.TimeAt(source.Step) ?? source.Step,
        };
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
        if (!_given.Contains((encoding, window)) && _snapshots.Remove((encoding, window), out var snapshot))
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
        _patterns.Clear();
        _statistics.Clear();
        _given.Clear();
    }

    private FieldStatistics StatisticsOf(in FrameSource source, int species)
    {
        if (!_statistics.TryGetValue(species, out var statistics))
        {
            statistics = FieldStatistics.Of(source.Species(species));
            _statistics.Add(species, statistics);
        }

        return statistics;
    }

    private FeatureVector FeaturesOf(in FrameSource source, int species, FeatureOptions options)
    {
        if (!_features.TryGetValue((species, options), out var features))
        {
            var volts = new PotentialView(source.Spec, species);
            features = FeatureVector.Of(volts.Of(source.Species(species)), source.RowCount, source.ColumnCount, options);
            _features.Add((species, options), features);
        }

        return features;
    }

    private PatternFeatures PatternOf(in FrameSource source, int species, PatternFeatureOptions options)
    {
        if (!_patterns.TryGetValue((species, options), out var features))
        {
            var other = source.Spec is { SpeciesSymbols.Length: > 1 } ? source.Species(1 - species) : [];
            features = PatternFeatures.Of(source.Species(species), other, source.RowCount, source.ColumnCount, options);
            _patterns.Add((species, options), features);
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
            var field = Encode(source, cells, window, encoding, buffer.Memory) with { IsPotential = source.Spec?.IsPotential(window.Species) ?? true };
            snapshot = new Snapshot(new SharedPayload(buffer), field);
            _snapshots.Add((encoding, window), snapshot);
        }

        return snapshot;
    }

    private static EncodedField Encode(in FrameSource source, WindowCells cells, FieldWindow window, CellEncoding encoding, Memory<byte> destination)
    {
        var (rowCount, columnCount) = (window.SquareRowCount, window.SquareColumnCount);
        var isPotential = source.Spec?.IsPotential(window.Species) ?? true;
        var singles = source.SpeciesSingles(window.Species);
        switch (encoding)
        {
            case CellEncoding.Quantized16:
            case CellEncoding.Quantized8:
                return Quantize(cells.Of(source), cells.ExtremesIn(source), isPotential, rowCount, columnCount, encoding, destination);
            case CellEncoding.Float32 when cells.IsWholeField && !singles.IsEmpty:
                return EncodedField.OfSingles(singles, rowCount, columnCount, destination);
            default:
                var isExact = encoding == CellEncoding.Float64 || (window.Downsampling == 1 && !singles.IsEmpty);
                return EncodedField.Encode(cells.Of(source), rowCount, columnCount, encoding, destination) with
                {
                    LargestError = isExact ? 0.0 : cells.ExtremesIn(source).LargestSingleError,
                };
        }
    }

    private static EncodedField Quantize(
        ReadOnlySpan<double> cells, CellExtremes extremes, bool isPotential, int rowCount, int columnCount, CellEncoding encoding, Memory<byte> destination)
    {
        var quantization = Quantization.Of(extremes, EncodedField.CellSize(encoding) * 8, isPotential ? Quantization.LeastPotentialExponent : Quantization.LeastSpeciesExponent);
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
