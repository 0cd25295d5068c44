using System.ComponentModel.DataAnnotations;

namespace Mfn.Server.Configuration;

/// <summary>What somebody may have of the server; what is null is not limited.</summary>
internal abstract class QuotaOptions
{
    /// <summary>The cell-steps that it may have computed a second, on the average.</summary>
    [Range(typeof(long), "1000000", "1000000000000000")]
    public long? CellStepsPerSecond { get; set; }

    /// <summary>For how long it may have saved them up: so many seconds' cell-steps may be computed at once, and nothing may cost more.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan BurstTime { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The most live runs.</summary>
    [Range(0, 100_000)]
    public int? LiveRuns { get; set; }

    /// <summary>The most watches that are open at once.</summary>
    [Range(0, 1_000_000)]
    public int? Watchers { get; set; }

    /// <summary>The most bytes of memory for the history of live runs.</summary>
    [Range(typeof(long), "0", "1099511627776")]
    public long? HistoryBytes { get; set; }

    /// <summary>The most bytes of updates, fields and checkpoints that are being uploaded at once.</summary>
    [Range(typeof(long), "65536", "1099511627776")]
    public long? UploadBytes { get; set; }

    /// <summary>The most calls that are open at once, streams among them.</summary>
    [Range(1, 1_000_000)]
    public int? OpenCalls { get; set; }
}
