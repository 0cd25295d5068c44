using System.Diagnostics;
using System.Diagnostics.Metrics;
using Prometheus;

namespace Mfn.Server.Observability;

/// <summary>
/// Metrics by their definitions. Each is one cell a set of labels, which Prometheus reads, and whoever listens to the meter: what moves it pays for it once, but for
/// histograms, whose values are recorded a second time while somebody listens.
/// </summary>
internal sealed class MetricSet
{
    // Looking for the trace of each increment would cost more than the increment.
    private static readonly ExemplarBehavior NoExemplars = ExemplarBehavior.NoExemplars();

    // An example that names a trace nobody has recorded would lead nowhere.
    private static readonly ExemplarBehavior RecordedTraces = new()
    {
        DefaultExemplarProvider = static (_, _) => Activity.Current is { Recorded: true } ? Exemplar.FromTraceContext() : Exemplar.None,
    };

    private readonly List<MetricDefinition> _definitions = [];
    private readonly MetricFactory _factory;
    private readonly Meter _meter;

    /// <param name="meters">Makes the meter.</param>
    /// <param name="meterName">Of the meter.</param>
    public MetricSet(IMeterFactory meters, string meterName)
    {
        _factory = Metrics.WithCustomRegistry(Registry);
        _meter = meters.Create(meterName);
    }

    /// <summary>What Prometheus reads.</summary>
    public CollectorRegistry Registry { get; } = Metrics.NewCustomRegistry();

    /// <summary>All metrics, in the order in which they were made.</summary>
    public IReadOnlyList<MetricDefinition> Definitions => _definitions;

    /// <summary>A metric that only goes up.</summary>
    public Counter Counter(string name, string unit, string meaning, params MetricLabel[] labels)
    {
        var definition = Define(name, MetricKind.Counter, unit, meaning, labels);
        var counter = _factory.CreateCounter(definition.PrometheusName, meaning, new CounterConfiguration { LabelNames = NamesOf(labels), ExemplarBehavior = NoExemplars });
        _meter.CreateObservableCounter(name, () => Read(counter, labels, static cell => cell.Value, static (all, values) => all.WithLabels(values)), unit, meaning);
        return counter;
    }

    /// <summary>A metric that goes up and down.</summary>
    public Gauge Gauge(string name, string unit, string meaning, params MetricLabel[] labels)
    {
        var definition = Define(name, MetricKind.Gauge, unit, meaning, labels);
        var gauge = _factory.CreateGauge(definition.PrometheusName, meaning, NamesOf(labels));
        _meter.CreateObservableGauge(name, () => Read(gauge, labels, static cell => cell.Value, static (all, values) => all.WithLabels(values)), unit, meaning);
        return gauge;
    }

    /// <summary>How values spread. Those that were found in a trace name it in OpenMetrics, as examples.</summary>
    /// <param name="name">Of the metric.</param>
    /// <param name="unit">Of the values.</param>
    /// <param name="meaning">What it tells.</param>
    /// <param name="bounds">Ascending.</param>
    /// <param name="labels">What it is told apart by.</param>
    public HistogramMetric Histogram(string name, string unit, string meaning, double[] bounds, params MetricLabel[] labels)
    {
        var definition = Define(name, MetricKind.Histogram, unit, meaning, labels);
        return new HistogramMetric(
            _factory.CreateHistogram(definition.PrometheusName, meaning, new HistogramConfiguration { LabelNames = NamesOf(labels), Buckets = bounds, ExemplarBehavior = RecordedTraces }),
            _meter.CreateHistogram(name, unit, meaning, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds }),
            labels);
    }

    /// <summary>A metric that somebody else counts, and that is read from there.</summary>
    /// <param name="name">Of the metric.</param>
    /// <param name="kind">How it moves; no histogram.</param>
    /// <param name="unit">Of its values.</param>
    /// <param name="meaning">What it tells.</param>
    /// <param name="label">What it is told apart by, if anything.</param>
    public ObservedMetric Observed(string name, MetricKind kind, string unit, string meaning, MetricLabel? label = null)
    {
        MetricLabel[] labels = label is null ? [] : [label];
        var definition = Define(name, kind, unit, meaning, labels);
        var metric = new ObservedMetric(label);
        if (kind == MetricKind.Counter)
        {
            var counter = _factory.CreateCounter(definition.PrometheusName, meaning, new CounterConfiguration { LabelNames = NamesOf(labels), ExemplarBehavior = NoExemplars, SuppressInitialValue = true });
            Registry.AddBeforeCollectCallback(() => metric.Read((value, values) => counter.WithLabels(values).IncTo(value)));
            _meter.CreateObservableCounter(name, metric.Read, unit, meaning);
        }
        else
        {
            var gauge = _factory.CreateGauge(definition.PrometheusName, meaning, new GaugeConfiguration { LabelNames = NamesOf(labels), SuppressInitialValue = true });
            Registry.AddBeforeCollectCallback(() => metric.Read((value, values) => gauge.WithLabels(values).Set(value)));
            _meter.CreateObservableGauge(name, metric.Read, unit, meaning);
        }

        return metric;
    }

    private MetricDefinition Define(string name, MetricKind kind, string unit, string meaning, MetricLabel[] labels)
    {
        var definition = new MetricDefinition(name, kind, unit, meaning, labels);
        _definitions.Add(definition);
        return definition;
    }

    private static string[] NamesOf(MetricLabel[] labels) => [.. labels.Select(label => label.Name)];

    private static IEnumerable<Measurement<double>> Read<TMetric, TCell>(
        TMetric metric, MetricLabel[] labels, Func<TCell, double> valueOf, Func<TMetric, string[], TCell> cellOf)
        where TMetric : Collector<TCell>
        where TCell : ChildBase =>
        labels.Length == 0
            ? [new Measurement<double>(valueOf(cellOf(metric, [])))]
            : metric.GetAllLabelValues().Select(values => new Measurement<double>(
                valueOf(cellOf(metric, values)), labels.Zip(values, (label, value) => KeyValuePair.Create(label.Name, (object?)value))));
}
