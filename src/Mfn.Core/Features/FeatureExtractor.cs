using Mfn.Core.Fractals;
using Mfn.Core.Specs;
using Mfn.Core.Statistics;

namespace Mfn.Core.Features;

/// <summary>
/// Takes the frames of a history one by one and gives the features of those taken so far, at any time. Memory does not grow with the
/// history: the last frame, some scratch of its size and a few sums are kept. Not thread-safe.
/// </summary>
public sealed class FeatureExtractor
{
    private const double MillivoltsPerVolt = 1000.0;

    // Below this deviation, in mV, a field counts as constant: its moments would be rounding noise.
    private const double LeastDeviation = 1e-10;

    private readonly int _requiredQuietCount;
    private readonly double[] _last;
    private readonly double[] _scratch;
    private readonly bool[] _mask;
    private readonly int[] _boxSizes;
    private readonly ClusterFinder _clusters;
    private readonly PairwiseAccumulator _changes = new();

    private TrendAccumulator _energy;
    private double _greatestChange;
    private long _quietCount;
    private long? _stabilityFrame;

    /// <summary>An extractor that has seen no frame.</summary>
    /// <param name="rowCount">The rows of a frame; at least 1.</param>
    /// <param name="columnCount">The columns of a frame; at least 1, not necessarily as many as rows.</param>
    /// <param name="options">The reference's if null.</param>
    /// <exception cref="ArgumentException">There is no cell, or the options have problems; the message lists them all.</exception>
    public FeatureExtractor(int rowCount, int columnCount, FeatureOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rowCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columnCount, 1);
        Options = RequireValid(options ?? FeatureOptions.Default);
        RowCount = rowCount;
        ColumnCount = columnCount;

        _requiredQuietCount = Options.Version == DefinitionVersion.V41 ? Options.StabilityWindow : Math.Max(Options.StabilityWindow - 1, 1);
        _last = new double[checked(rowCount * columnCount)];
        _scratch = new double[_last.Length];
        _mask = new bool[_last.Length];
        _boxSizes = Options.BoxSizesFor(Math.Min(rowCount, columnCount));
        _clusters = new ClusterFinder(rowCount, columnCount, Options.Connectivity);
    }

    /// <summary>What decides the features besides the cells.</summary>
    public FeatureOptions Options { get; }

    /// <summary>The rows of a frame.</summary>
    public int RowCount { get; }

    /// <summary>The columns of a frame.</summary>
    public int ColumnCount { get; }

    /// <summary>The frames taken so far.</summary>
    public long FrameCount { get; private set; }

    /// <summary>Takes the next frame.</summary>
    /// <param name="volts">The membrane potential of each cell in volts, row after row.</param>
    /// <exception cref="ArgumentException">
    /// The frame has another number of cells, or one that is not finite and not allowed to be; the extractor is as it was.
    /// </exception>
    public void Add(ReadOnlySpan<double> volts)
    {
        if (volts.Length != _last.Length)
        {
            throw new ArgumentException(
                $"A {RowCount} x {ColumnCount} frame needs {_last.Length} cells, but got {volts.Length}.", nameof(volts));
        }

        RequireFinite(volts);
        if (FrameCount > 0)
        {
            AddDifference(volts);
        }

        AddEnergy(volts);
        volts.CopyTo(_last);
        FrameCount++;
    }

    /// <summary>The features of the frames taken so far.</summary>
    /// <exception cref="InvalidOperationException">No frame was taken.</exception>
    public FeatureVector Extract()
    {
        if (FrameCount == 0)
        {
            throw new InvalidOperationException("There must be at least one frame.");
        }

        var box = BoxCountingDimension.Measure(CellsAbove(Options.LowThresholdMillivolts), RowCount, ColumnCount, _boxSizes);
        var activeShare = (double)_mask.AsSpan().Count(true) / _mask.Length;
        var low = MeasureClusters();
        var mediumCount = _clusters.FindSizes(CellsAbove(Options.MediumThresholdMillivolts)).Length;
        var highCount = _clusters.FindSizes(CellsAbove(Options.HighThresholdMillivolts)).Length;
        var potential = MeasurePotential();
        var (skewness, excessKurtosis) = MeasureShape(potential);
        var hasDynamics = FrameCount > 1;
        double[] values =
        [
            box.Dimension,
            Math.Clamp(box.RSquared, 0.0, 1.0),
            potential.Minimum,
            potential.Maximum,
            potential.Mean,
            potential.StandardDeviation,
            skewness,
            excessKurtosis,
            hasDynamics ? _changes.Mean : 0.0,
            _greatestChange,
            hasDynamics ? _stabilityFrame ?? FrameCount : 0.0,
            _energy.Slope,
            activeShare,
            low.Count,
            mediumCount,
            highCount,
            low.MaxSize,
            low.SizeDeviation,
        ];

        var undefined = Flag(!box.IsDefined, UndefinedFeatures.DimensionOfTooFewBoxSizes)
            | Flag(box.IsDefined && !box.HasFit, UndefinedFeatures.FitOfEqualBoxCounts)
            | Flag(!HasShape(potential), UndefinedFeatures.ShapeOfConstantField)
            | Flag(!hasDynamics, UndefinedFeatures.DynamicsOfSingleFrame)
            | Flag(hasDynamics && _stabilityFrame is null, UndefinedFeatures.StabilityNotReached)
            | Flag(low.Count < 2, UndefinedFeatures.DeviationOfTooFewClusters)
            | Flag(!Array.TrueForAll(values, double.IsFinite), UndefinedFeatures.NonFinite);
        if (Options.Version != DefinitionVersion.V41)
        {
            ReplaceNonFinite(values);
        }

        return new FeatureVector(Options.Version, [.. values], undefined);
    }

    private static UndefinedFeatures Flag(bool isUndefined, UndefinedFeatures flag) => isUndefined ? flag : UndefinedFeatures.None;

    private static bool HasShape(FieldStatistics potential) => potential.StandardDeviation > LeastDeviation;

    private static void ReplaceNonFinite(Span<double> values)
    {
        foreach (ref var value in values)
        {
            value = double.IsFinite(value) ? value : 0.0;
        }
    }

    private static FeatureOptions RequireValid(FeatureOptions options)
    {
        options.FindProblems().ThrowIfAny(nameof(options));
        return options;
    }

    private void RequireFinite(ReadOnlySpan<double> volts)
    {
        if (Options.AllowsNonFinite)
        {
            return;
        }

        for (var i = 0; i < volts.Length; i++)
        {
            if (!double.IsFinite(volts[i]))
            {
                throw new ArgumentException(
                    $"All cells must be finite, but frame {FrameCount}, row {i / ColumnCount}, column {i % ColumnCount} is {volts[i]}.",
                    nameof(volts));
            }
        }
    }

    private void AddDifference(ReadOnlySpan<double> volts)
    {
        for (var i = 0; i < volts.Length; i++)
        {
            _scratch[i] = Math.Abs((volts[i] * MillivoltsPerVolt) - (_last[i] * MillivoltsPerVolt));
        }

        var statistics = FieldStatistics.Of(_scratch);
        _changes.Add(_scratch);
        _greatestChange = Math.Max(_greatestChange, statistics.Maximum);

        // A deviation that is NaN is not quiet.
        _quietCount = statistics.StandardDeviation < Options.StabilityThresholdMillivolts ? _quietCount + 1 : 0;
        if (_quietCount >= _requiredQuietCount)
        {
            // The window's first difference starts from this frame, counted from 1; FrameCount does not include the new one yet.
            _stabilityFrame ??= FrameCount - _requiredQuietCount + 1;
        }
    }

    private void AddEnergy(ReadOnlySpan<double> volts)
    {
        for (var i = 0; i < volts.Length; i++)
        {
            var millivolts = volts[i] * MillivoltsPerVolt;
            _scratch[i] = millivolts * millivolts;
        }

        _energy.Add(PairwiseSum.Of(_scratch));
    }

    /// <summary>The last frame's cells above a threshold; NaN is above none. The mask stays until the next call.</summary>
    private ReadOnlySpan<bool> CellsAbove(double millivolts)
    {
        var volts = millivolts / MillivoltsPerVolt;
        for (var i = 0; i < _last.Length; i++)
        {
            _mask[i] = _last[i] > volts;
        }

        return _mask;
    }

    /// <summary>The clusters of the mask, which is that of the low threshold.</summary>
    private (int Count, int MaxSize, double SizeDeviation) MeasureClusters()
    {
        var sizes = _clusters.FindSizes(_mask);
        var maxSize = 0;
        for (var i = 0; i < sizes.Length; i++)
        {
            maxSize = Math.Max(maxSize, sizes[i]);
            _scratch[i] = sizes[i];
        }

        var deviation = sizes.Length < 2 ? 0.0 : FieldStatistics.Of(_scratch.AsSpan(0, sizes.Length)).StandardDeviation;
        return (sizes.Length, maxSize, deviation);
    }

    private FieldStatistics MeasurePotential()
    {
        for (var i = 0; i < _last.Length; i++)
        {
            _scratch[i] = _last[i] * MillivoltsPerVolt;
        }

        return FieldStatistics.Of(_scratch);
    }

    private (double Skewness, double ExcessKurtosis) MeasureShape(FieldStatistics potential) =>
        HasShape(potential)
            ? (MeanPower(potential.Mean, 3.0) / Math.Pow(potential.StandardDeviation, 3.0),
                (MeanPower(potential.Mean, 4.0) / Math.Pow(potential.StandardDeviation, 4.0)) - 3.0)
            : (0.0, 0.0);

    /// <summary>The central moment of the last frame. The reference takes powers by libm's pow, whose last bit differs from a product's.</summary>
    private double MeanPower(double mean, double exponent)
    {
        for (var i = 0; i < _last.Length; i++)
        {
            _scratch[i] = Math.Pow((_last[i] * MillivoltsPerVolt) - mean, exponent);
        }

        return PairwiseSum.Of(_scratch) / _scratch.Length;
    }
}
