using System.ComponentModel.DataAnnotations;

namespace Mfn.Server.Configuration;

/// <summary>What the server sends to a collector by OTLP. Where that is, and how to reach it, the standard variables (OTEL_…) say.</summary>
internal sealed class TelemetryOptions
{
    public const string Section = "Telemetry";

    [Setting("whether [traces](tracing.md) are sent to a collector by OTLP; where nobody sets it, what `OTEL_TRACES_EXPORTER` says: `otlp` for yes")]
    public bool? SendTraces { get; set; }

    [Setting("whether the [metrics](metrics.md) are sent there too; where nobody sets it, what `OTEL_METRICS_EXPORTER` says")]
    public bool? SendMetrics { get; set; }

    [Setting("whether what is logged is sent there too; where nobody sets it, what `OTEL_LOGS_EXPORTER` says")]
    public bool? SendLogs { get; set; }

    [Setting("how long a span of a watch, or of the steps of a run, may become before the next one begins: what never ends is seen while it lives", IsLive = true)]
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan EpisodeLength { get; set; } = TimeSpan.FromMinutes(1);

    [Setting("where spans and logs wait on disk while the collector does not take them; it is created, for its owner alone. Without it that is `telemetry` in `Runs:DataDirectory`; without that too what cannot be sent is lost, counted, and told of")]
    public string? Directory { get; set; }

    [Setting("bytes of spans, and as many of logs, that may wait there; the oldest are given up for newer ones, and counted")]
    [Range(1L << 20, 1L << 40)]
    public long MaxWaitingBytes { get; set; } = 64L << 20;
}
