using System.Diagnostics.Metrics;

namespace Mfn.Server.Tests;

/// <summary>What one server counts, by the metrics' names; labels are added up.</summary>
internal sealed class Counts : IDisposable
{
    private readonly Dictionary<string, long> _counts = [];
    private readonly MeterListener _listener = new();

    public Counts(TestServer server)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Mfn.Server" && ReferenceEquals(instrument.Meter.Scope, server.Meters))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => _counts[instrument.Name] = _counts.GetValueOrDefault(instrument.Name) + (long)value);
        _listener.Start();
    }

    /// <summary>The sum of a metric's values now.</summary>
    public long this[string metric]
    {
        get
        {
            lock (_counts)
            {
                _counts.Clear();
                _listener.RecordObservableInstruments();
                return _counts.GetValueOrDefault(metric);
            }
        }
    }

    public void Dispose() => _listener.Dispose();
}
