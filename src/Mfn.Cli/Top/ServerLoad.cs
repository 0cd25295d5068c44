namespace Mfn.Cli.Top;

/// <summary>What a server does, from what its metrics said at two times. What is by the second, and 99th percentiles, are of the time between; null without it.</summary>
internal sealed class ServerLoad
{
    private const string StartTime = "process_start_time_seconds";
    private const double Percentile = 0.99;

    private static readonly string[] Faults = ["INTERNAL", "UNKNOWN", "DATA_LOSS", "UNAVAILABLE"];

    private readonly MetricPage _now;
    private readonly MetricPage? _before;
    private readonly double _seconds;

    /// <param name="now">What they say now.</param>
    /// <param name="before">What they said before; null if that is not known. Those of a server that has been started again since are no use.</param>
    /// <param name="between">The time between.</param>
    /// <param name="time">The time now.</param>
    public ServerLoad(MetricPage now, MetricPage? before, TimeSpan between, DateTimeOffset time)
    {
        _now = now;
        _before = before is not null && between > TimeSpan.Zero && before.Sum(StartTime) == now.Sum(StartTime) ? before : null;
        _seconds = between.TotalSeconds;
        Uptime = TimeSpan.FromSeconds(Math.Max(0, time.ToUnixTimeMilliseconds() / 1000.0 - now.Sum(StartTime)));
    }

    /// <summary>The server's version; empty if it does not say.</summary>
    public string Version => _now.ValuesOf("mfn_build_info", "version").FirstOrDefault("");

    /// <summary>Since when it runs.</summary>
    public TimeSpan Uptime { get; }

    /// <summary>The checks of readiness that keep calls away.</summary>
    public IReadOnlyList<string> FailedChecks => [.. _now.ValuesOf("mfn_ready", "check").Where(check => _now.Sum("mfn_ready", ("check", check)) == 0)];

    /// <summary>The time between the two; null if there is one alone.</summary>
    public double? Seconds => _before is null ? null : _seconds;

    public double? Calls => Rate("mfn_rpc_handled_total");

    /// <summary>Calls that failed through the server.</summary>
    public double? FailedCalls => Faults.Sum(code => Rate("mfn_rpc_handled_total", ("code", code)));

    public double? Refusals => Rate("mfn_rpc_refusals_total");

    public double OpenCalls => Now("mfn_rpc_open");

    public double? CallTime => P99("mfn_rpc_duration_seconds");

    public double? Steps => Rate("mfn_steps_total");

    public double? CellSteps => Rate("mfn_cell_steps_total");

    public double Watchers => Now("mfn_watchers");

    public double? Frames => Rate("mfn_frames_sent_total");

    public double? FrameBytes => Rate("mfn_frames_sent_size_bytes_total");

    public double? DroppedFrames => Rate("mfn_frames_dropped_total");

    public double? FrameDelay => P99("mfn_watch_delivery_lag_seconds");

    public double Replays => Now("mfn_replays_active");

    public double WaitingReplays => Now("mfn_replays_waiting");

    public double ReplayBacklog => Now("mfn_replays_backlog_steps");

    public double Threads => Now("mfn_compute_threads");

    /// <summary>The share of the time that the threads have computed.</summary>
    public double? Busy => Rate("mfn_compute_busy_seconds_total") / Math.Max(1, Threads);

    public double ComputeQueue => Now("mfn_compute_queue");

    public double Computations => Now("mfn_compute_active");

    public double Places => Now("mfn_compute_places");

    public double MemoryLimit => Now("mfn_memory_limit_bytes");

    public double HeldMemory => Now("mfn_memory_held_bytes");

    /// <summary>What memory is held for, the most first.</summary>
    public IReadOnlyList<(string Use, double Bytes)> MemoryByUse =>
        [.. _now.ValuesOf("mfn_memory_held_bytes", "use").Select(use => (use, _now.Sum("mfn_memory_held_bytes", ("use", use)))).OrderByDescending(each => each.Item2)];

    public double ProcessMemory => Now("process_working_set_bytes");

    public double? Processors => Rate("process_cpu_seconds_total");

    /// <summary>The share of the time that collections of memory have stopped all threads.</summary>
    public double? Pauses => Rate("mfn_gc_pauses_seconds_total");

    /// <summary>What the data directory's disk has room for; null without one.</summary>
    public double? FreeStorage => _now.Has("mfn_storage_free_bytes") ? Now("mfn_storage_free_bytes") : null;

    public double? FlushTime => P99("mfn_log_flush_duration_seconds");

    /// <summary>Writes that failed since the server started.</summary>
    public double FailedWrites => Now("mfn_storage_failures_total");

    /// <summary>Live runs in a state.</summary>
    public double RunsIn(string state) => _now.Sum("mfn_runs", ("state", state));

    /// <summary>The methods that have been called since the server started.</summary>
    public IReadOnlyList<MethodLoad> Methods =>
    [
        .. from service in _now.ValuesOf("mfn_rpc_started_total", "service")
           from method in _now.ValuesOf("mfn_rpc_started_total", "method")
           let labels = new[] { ("service", service), ("method", method) }
           where _now.Sum("mfn_rpc_started_total", labels) > 0
           select new MethodLoad(
               service,
               method,
               Rate("mfn_rpc_handled_total", labels),
               Faults.Sum(code => Rate("mfn_rpc_handled_total", [.. labels, ("code", code)])),
               _now.Sum("mfn_rpc_open", labels),
               P99("mfn_rpc_duration_seconds", labels)),
    ];

    private double Now(string name) => _now.Sum(name);

    private double? Rate(string name, params IReadOnlyList<(string Label, string Value)> labels) =>
        _before is null ? null : Math.Max(0, _now.Sum(name, labels) - _before.Sum(name, labels)) / _seconds;

    /// <summary>At or below which 99 of 100 values lay, as well as the histogram's bounds tell; null if there were none.</summary>
    private double? P99(string name, params IReadOnlyList<(string Label, string Value)> labels)
    {
        if (_before is null)
        {
            return null;
        }

        var earlier = _before.Buckets(name, labels).ToDictionary(bucket => bucket.Bound, bucket => bucket.Count);
        var (below, belowCount) = (0.0, 0.0);
        var buckets = _now.Buckets(name, labels).Select(bucket => (bucket.Bound, Count: bucket.Count - earlier.GetValueOrDefault(bucket.Bound))).ToList();
        if (buckets is [] || buckets[^1].Count <= 0)
        {
            return null;
        }

        var rank = Percentile * buckets[^1].Count;
        foreach (var (bound, count) in buckets)
        {
            if (count >= rank)
            {
                // Beyond the last bound nothing more is known.
                return double.IsInfinity(bound) ? below : below + ((bound - below) * (rank - belowCount) / (count - belowCount));
            }

            (below, belowCount) = (bound, count);
        }

        return below;
    }
}
