using System.Collections.Concurrent;
using Prometheus;

namespace Mfn.Server.Observability;

/// <summary>What is counted of the calls of one method. Thread-safe.</summary>
internal sealed class CallMetrics
{
    private readonly ServerMetrics _all;
    private readonly string _service;
    private readonly string _method;
    private readonly ConcurrentDictionary<string, Counter.Child> _handled = new(StringComparer.Ordinal);
    private readonly Counter.Child _started;
    private readonly Gauge.Child _open;
    private readonly HistogramCell? _duration;

    public CallMetrics(ServerMetrics all, string service, string method, bool isUnary)
    {
        (_all, _service, _method) = (all, service, method);
        _started = all.StartedCalls.WithLabels(service, method);
        _open = all.OpenCalls.WithLabels(service, method);
        _duration = isUnary ? all.CallDuration.WithLabels(service, method) : null;

        // So that a rate of answers has a beginning.
        Handled("OK");
    }

    /// <summary>A call has begun.</summary>
    public void Begin()
    {
        _started.Inc();
        _open.Inc();
    }

    /// <summary>A call has ended.</summary>
    /// <param name="code">How, as gRPC names it.</param>
    /// <param name="duration">After so long.</param>
    public void End(string code, TimeSpan duration)
    {
        _open.Dec();
        Handled(code).Inc();
        _duration?.Observe(duration.TotalSeconds);
    }

    private Counter.Child Handled(string code) => _handled.GetOrAdd(code, static (code, all) => all._all.HandledCalls.WithLabels(all._service, all._method, code), this);
}
