using System.Diagnostics.Metrics;
using Prometheus;

namespace Mfn.Server.Observability;

/// <summary>How values spread, by labels.</summary>
internal sealed class HistogramMetric(Histogram histogram, Histogram<double> instrument, IReadOnlyList<MetricLabel> labels)
{
    /// <summary>The values of one set of labels. To look for it costs more than to count.</summary>
    public HistogramCell WithLabels(params string[] values) =>
        new(histogram.WithLabels(values), instrument, [.. labels.Zip(values, (label, value) => KeyValuePair.Create(label.Name, (object?)value))]);
}
