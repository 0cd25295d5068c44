using System.Diagnostics.Metrics;
using Prometheus;

namespace Mfn.Server.Observability;

/// <summary>How the values of one set of labels spread: a cell that Prometheus reads. While somebody listens to the meter they are recorded there too, which has no such cells.</summary>
internal sealed class HistogramCell(Histogram.Child cell, Histogram<double> instrument, KeyValuePair<string, object?>[] labels)
{
    /// <summary>Counts a value.</summary>
    public void Observe(double value)
    {
        cell.Observe(value);
        if (instrument.Enabled)
        {
            instrument.Record(value, labels);
        }
    }
}
