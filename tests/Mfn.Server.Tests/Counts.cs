using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Mfn.Server.Tests;

/// <summary>What one server's meter has counted.</summary>
internal sealed class Counts : IDisposable
{
    private readonly ConcurrentDictionary<string, long> _counts = [];
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
        _listener.SetMeasurementEventCallback<long>(
            (instrument, measurement, _, _) => _counts.AddOrUpdate(instrument.Name, measurement, (_, count) => count + measurement));
        _listener.Start();
    }

    public long this[string name] => _counts.GetValueOrDefault(name);

    public void Dispose() => _listener.Dispose();
}
