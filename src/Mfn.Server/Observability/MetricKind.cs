namespace Mfn.Server.Observability;

/// <summary>How a metric moves.</summary>
internal enum MetricKind
{
    /// <summary>Only up, from 0 at the server's start.</summary>
    Counter,

    /// <summary>Up and down.</summary>
    Gauge,

    /// <summary>How many values lay at or below each of some bounds.</summary>
    Histogram,
}
