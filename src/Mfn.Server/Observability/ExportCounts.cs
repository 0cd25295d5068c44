using Mfn.Server.Logging;
using Prometheus;

namespace Mfn.Server.Observability;

/// <summary>What became of the spans, or of the logs, that were to be sent. Thread-safe.</summary>
internal sealed partial class ExportCounts
{
    // Losses are told of at once, and then as a sum.
    private static readonly TimeSpan TellInterval = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly string _signal;
    private readonly int _capacity;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Counter.Child _taken;
    private readonly Counter.Child _exported;
    private readonly Counter.Child _lost;
    private int _pending;
    private int _exporting;
    private long _untold;
    private long? _told;

    /// <param name="metrics">Where it is counted.</param>
    /// <param name="signal">Whose these are: <c>traces</c> or <c>logs</c>.</param>
    /// <param name="capacity">How many may wait to be sent.</param>
    /// <param name="clock">Says when losses were last told of.</param>
    /// <param name="logger">Where losses are told of.</param>
    public ExportCounts(ServerMetrics metrics, string signal, int capacity, TimeProvider clock, ILogger logger)
    {
        (_signal, _capacity, _clock, _logger) = (signal, capacity, clock, logger);
        _taken = metrics.TelemetryTaken.WithLabels(signal);
        _exported = metrics.TelemetryExported.WithLabels(signal);
        _lost = metrics.TelemetryLost.WithLabels(signal);
    }

    /// <summary>How many the exporter is at.</summary>
    public int Exporting => Volatile.Read(ref _exporting);

    /// <summary>How many were lost since the server's start.</summary>
    public long LostCount => (long)_lost.Value;

    /// <summary>Takes one that is to be sent; false if there is no room, and it is lost.</summary>
    public bool TryTake()
    {
        _taken.Inc();
        if (Interlocked.Increment(ref _pending) <= _capacity)
        {
            return true;
        }

        Interlocked.Decrement(ref _pending);
        Lose(1);
        return false;
    }

    /// <summary>The exporter has been given some.</summary>
    public void Begin(int count) => Volatile.Write(ref _exporting, count);

    /// <summary>The exporter is done with them.</summary>
    /// <param name="count">How many they are.</param>
    /// <param name="isTaken">Whether the collector has them, or they wait for it; if not, they are lost.</param>
    public void End(int count, bool isTaken)
    {
        Interlocked.Add(ref _pending, -count);
        if (!isTaken)
        {
            Lose(count);
        }
    }

    /// <summary>The collector has taken some.</summary>
    public void Deliver(int count) => _exported.Inc(count);

    /// <summary>Some will never get to the collector.</summary>
    public void Lose(int count)
    {
        _lost.Inc(count);
        lock (_lock)
        {
            _untold += count;
            if (_told is { } told && _clock.GetElapsedTime(told) < TellInterval)
            {
                return;
            }

            _told = _clock.GetTimestamp();
        }

        Tell();
    }

    /// <summary>Tells of the losses that nobody has been told of.</summary>
    public void Tell()
    {
        long count;
        lock (_lock)
        {
            (count, _untold) = (_untold, 0);
        }

        if (count > 0)
        {
            LogLost(_signal, count);
        }
    }

    /// <summary>Nothing more is sent: what waits is lost.</summary>
    public void Close()
    {
        if (Interlocked.Exchange(ref _pending, 0) is var left and > 0)
        {
            Lose(left);
        }

        Tell();
    }

    [LoggerMessage(EventId = 1611, EventName = "TelemetryLost", Level = LogLevel.Warning, Message = "Telemetry was lost ({Signal}): the collector did not take {Count}")]
    [LogMeaning("Spans or log records were lost since this was last said, a minute before at least: the collector cannot be reached, refuses them or is too slow, and there is no room, or no directory, for them to wait on disk. `mfn_telemetry_lost_total` has the sum.")]
    private partial void LogLost(string signal, long count);
}
