using System.ComponentModel.DataAnnotations;

namespace Mfn.Server.Configuration;

/// <summary>How many live runs there may be, and what each may take.</summary>
internal sealed class RunsOptions
{
    public const string Section = "Runs";

    /// <summary>Where runs are kept so that they survive the server; if empty, they end with it.</summary>
    public string DataDirectory { get; set; } = "";

    /// <summary>The most live runs; one more is refused with RESOURCE_EXHAUSTED.</summary>
    [Range(1, 100_000)]
    public int MaxRuns { get; set; } = 64;

    /// <summary>The most watchers of one run; one more is refused with RESOURCE_EXHAUSTED.</summary>
    [Range(1, 1_000_000)]
    public int MaxWatchersPerRun { get; set; } = 4096;

    /// <summary>The most commands that one run takes over its life; one more is refused with RESOURCE_EXHAUSTED.</summary>
    [Range(1, 1_000_000)]
    public int MaxCommandsPerRun { get; set; } = 10_000;

    /// <summary>
    /// The most bytes of all commands that one run takes over its life; one that makes them more is refused with RESOURCE_EXHAUSTED. They stay in the
    /// run's log, and those since the oldest state kept also in memory, where a replaced field has 8 bytes a cell.
    /// </summary>
    [Range(typeof(long), "65536", "1099511627776")]
    public long MaxCommandBytesPerRun { get; set; } = 64L << 20;

    /// <summary>Memory for the states that one run keeps of its history. The default has room for the three that a run of 1024 x 1024 keeps at least.</summary>
    [Range(typeof(long), "1048576", "1099511627776")]
    public long MaxHistoryBytesPerRun { get; set; } = 96L << 20;

    /// <summary>Memory for the frames that wait for one watcher; at least one frame may wait whatever its size.</summary>
    [Range(typeof(long), "65536", "1099511627776")]
    public long MaxBacklogBytesPerWatcher { get; set; } = 16L << 20;

    /// <summary>
    /// Memory for the frames that wait for all watchers of all runs together, and for the states that frames are still to be made of. Never more than
    /// half of <see cref="LimitsOptions.MaxMemoryBytes"/>.
    /// </summary>
    [Range(typeof(long), "16777216", "17592186044416")]
    public long MaxBacklogBytes { get; set; } = 512L << 20;

    /// <summary>How many watchers may have history recomputed at once; others wait for their turn. Each takes the memory of a run.</summary>
    [Range(1, 10_000)]
    public int MaxReplays { get; set; } = 16;

    /// <summary>A run that has had no watcher and no call for this time is deleted.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "365.00:00:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromHours(24);

    /// <summary>A watcher that is sent nothing gets a heartbeat within this time, after half of it at the earliest.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(15);
}
