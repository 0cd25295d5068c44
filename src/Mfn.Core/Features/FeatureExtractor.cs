using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Mfn.Core.Fields;
using Mfn.Core.Fractals;
using Mfn.Core.Specs;
using Mfn.Core.Statistics;

namespace Mfn.Core.Features;

/// <summary>
/// Takes the frames of a history one by one and gives the features of those taken so far, at any time. Memory does not grow with the
/// history: the last frame, three masks of it, one run of differences and a few sums are kept. Not thread-safe.
/// </summary>
public sealed class FeatureExtractor
{
    internal const double MillivoltsPerVolt = 1000.0;

    // Below this deviation, in mV, a field counts as constant: its moments would be rounding noise.
    private const double LeastDeviation = 1e-10;

    private readonly int _requiredQuietCount;
    private readonly double[] _last;
    private readonly double[] _differences;
    private readonly CellMask _low;
    private readonly CellMask _medium;
    private readonly CellMask _high;
    private readonly ImmutableArray<BoxMesh> _boxMeshes;
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
        _differences = new double[Math.Min(_last.Length, PairwiseSum.RunLength)];
        _low = new CellMask(rowCount, columnCount);
        _medium = new CellMask(rowCount, columnCount);
        _high = new CellMask(rowCount, columnCount);
        _boxMeshes = Options.BoxMeshesFor(rowCount, columnCount);
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
        AddChanges(volts);
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

        var potential = MeasurePotential();
        var (skewness, excessKurtosis) = MeasureShape(potential);
        var box = BoxCountingDimension.Measure(_low, _boxMeshes);
        var low = MeasureClusters();
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
            (double)_low.SetCount / _low.CellCount,
            low.Count,
            _clusters.Count(_medium),
            _clusters.Count(_high),
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
        if (Options.AllowsNonFinite || !NonFiniteCells.AnyIn(volts))
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

    /// <summary>The first frame has no difference, but energy.</summary>
    // Compiled for good at once: a history is followed frame by frame, and the first ones should not wait for the tiers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddChanges(ReadOnlySpan<double> volts)
    {
        var terms = new ChangeTerms(volts, _last, _differences);
        var sums = default(SumPair);
        for (var start = 0; start < volts.Length; start += PairwiseSum.RunLength)
        {
            var count = Math.Min(PairwiseSum.RunLength, volts.Length - start);
            sums += PairwiseSum.OfRun<ChangeTerms, SumPair>(ref terms, start, count);
            if (FrameCount > 0)
            {
                _changes.Add(_differences.AsSpan(0, count));
            }
        }

        _energy.Add(sums.Second);
        if (FrameCount > 0)
        {
            _greatestChange = Math.Max(_greatestChange, terms.Greatest);
            AddQuietness(IsQuiet(volts, sums.First / volts.Length, terms.Greatest));
        }
    }

    /// <summary>Whether the differences from the last frame hardly deviate from their mean. A deviation that is NaN is not quiet.</summary>
    private bool IsQuiet(ReadOnlySpan<double> volts, double mean, double greatest)
    {
        // The greatest difference alone often deviates too much, and rounding never makes a sum of squares less than one of them.
        var variance = (greatest - mean) * (greatest - mean) / volts.Length;
        if (Math.Sqrt(variance) >= Options.StabilityThresholdMillivolts)
        {
            return false;
        }

        var terms = new ChangeDeviationTerms(volts, _last, mean);
        variance = PairwiseSum.Of<ChangeDeviationTerms, double>(ref terms, volts.Length) / volts.Length;
        return Math.Sqrt(variance) < Options.StabilityThresholdMillivolts;
    }

    private void AddQuietness(bool isQuiet)
    {
        _quietCount = isQuiet ? _quietCount + 1 : 0;
        if (_quietCount >= _requiredQuietCount)
        {
            // The window's first difference starts from this frame, counted from 1; FrameCount does not include the new one yet.
            _stabilityFrame ??= FrameCount - _requiredQuietCount + 1;
        }
    }

    /// <summary>The statistics of the last frame in mV, and on the way its masks.</summary>
    private FieldStatistics MeasurePotential()
    {
        var terms = new PotentialTerms(_last, _low, _medium, _high, Options);
        var mean = PairwiseSum.Of<PotentialTerms, double>(ref terms, _last.Length) / _last.Length;
        var deviations = new DeviationTerms(_last, MillivoltsPerVolt, mean);
        var variance = PairwiseSum.Of<DeviationTerms, double>(ref deviations, _last.Length) / _last.Length;
        return new FieldStatistics(terms.Extremes.Minimum, terms.Extremes.Maximum, mean, Math.Sqrt(variance));
    }

    private (double Skewness, double ExcessKurtosis) MeasureShape(FieldStatistics potential)
    {
        if (!HasShape(potential))
        {
            return (0.0, 0.0);
        }

        Span<double> scratch = stackalloc double[ShapeTerms.ScratchLength];
        var terms = new ShapeTerms(_last, potential.Mean, scratch);
        var sums = PairwiseSum.Of<ShapeTerms, SumPair>(ref terms, _last.Length);
        return (
            sums.First / _last.Length / Math.Pow(potential.StandardDeviation, 3.0),
            (sums.Second / _last.Length / Math.Pow(potential.StandardDeviation, 4.0)) - 3.0);
    }

    /// <summary>The clusters above the low threshold.</summary>
    private (int Count, int MaxSize, double SizeDeviation) MeasureClusters()
    {
        var sizes = _clusters.FindSizes(_low);
        if (sizes.IsEmpty)
        {
            return (0, 0, 0.0);
        }

        var terms = new ClusterSizeTerms(sizes, (double)_low.SetCount / sizes.Length);
        var variance = PairwiseSum.Of<ClusterSizeTerms, double>(ref terms, sizes.Length) / sizes.Length;
        return (sizes.Length, terms.Greatest, Math.Sqrt(variance));
    }
}
