using Mfn.Core.Features;
using Mfn.Server.Pricing;

namespace Mfn.Server.Simulation;

/// <summary>Measures what a simulation computes, each kind of work apart. One task at a time uses it.</summary>
internal sealed class SimulationWork
{
    private readonly WorkMeter[] _all;

    public SimulationWork(SimulationOrder order, Calibration calibration, TimeProvider clock)
    {
        var (spec, rows, columns) = (order.Spec, order.Spec.RowCount, order.Spec.ColumnCount);
        Beginning = Meter(PriceList.Beginnings(spec));
        Steps = Meter(PriceList.Steps(spec, 1, order.StepsAtOnce));
        FeatureFrames = Meter(PriceList.FeatureFrames(rows, columns, 1, spec));
        FeatureVectors = Meter(PriceList.FeatureVectors(rows, columns, 1, spec));
        Dimensions = Meter(PriceList.BoxCounting(rows, columns, (order.Analysis.Features ?? FeatureOptions.Default).ScaleCount, 1));
        Patterns = Meter(PriceList.PatternFeatures(rows, columns, 1));
        Fields = Meter(order.ResultPrice);
        _all = [Beginning, Steps, FeatureFrames, FeatureVectors, Dimensions, Patterns, Fields];

        WorkMeter Meter(Price price) => new(calibration, price.Single, clock);
    }

    /// <summary>Before the first step, and after the last.</summary>
    public WorkMeter Beginning { get; }

    public WorkMeter Steps { get; }

    public WorkMeter FeatureFrames { get; }

    public WorkMeter FeatureVectors { get; }

    public WorkMeter Dimensions { get; }

    public WorkMeter Patterns { get; }

    /// <summary>The fields of the result.</summary>
    public WorkMeter Fields { get; }

    /// <summary>All the time that was measured.</summary>
    public TimeSpan Total => _all.Aggregate(TimeSpan.Zero, static (sum, meter) => sum + meter.Total);

    /// <summary>Tells what has not been told.</summary>
    public void Tell() => Array.ForEach(_all, static meter => meter.Tell());
}
