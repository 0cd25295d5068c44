using System.ComponentModel.DataAnnotations;

namespace Mfn.Server.Configuration;

/// <summary>How many live runs there may be, and what each may take.</summary>
internal sealed class RunsOptions
{
    public const string Section = "Runs";

    [Setting("where live runs are kept so that they survive the server; it is created, and used by one server at a time ([durability](durability.md))", Values = "a folder")]
    public string DataDirectory { get; set; } = "";

    [Setting("the most live runs; those in the data directory are all taken up, and none can be added while there are more")]
    [Range(1, 100_000)]
    public int MaxRuns { get; set; } = 64;

    [Setting("the most watchers of one run")]
    [Range(1, 1_000_000)]
    public int MaxWatchersPerRun { get; set; } = 4096;

    [Setting("the most commands that one run takes over its life")]
    [Range(1, 1_000_000)]
    public int MaxCommandsPerRun { get; set; } = 10_000;

    [Setting("the most bytes of all commands that one run takes over its life: they stay in its log")]
    [Range(typeof(long), "65536", "1099511627776")]
    public long MaxCommandBytesPerRun { get; set; } = 64L << 20;

    [Setting("memory for the checkpoints of one run's history")]
    [Range(typeof(long), "1048576", "1099511627776")]
    public long MaxHistoryBytesPerRun { get; set; } = 96L << 20;

    [Setting("memory for the frames that wait for one watcher, beyond one frame")]
    [Range(typeof(long), "65536", "1099511627776")]
    public long MaxBacklogBytesPerWatcher { get; set; } = 16L << 20;

    [Setting("memory for the frames that wait for all watchers of all runs together, and for the copies of states that frames are still to be made of; at most half of `Limits:MaxMemoryBytes`, which is what they have if the default is above it")]
    [Range(typeof(long), "16777216", "17592186044416")]
    public long MaxBacklogBytes { get; set; } = 512L << 20;

    [Setting("how many watchers may have history recomputed at once, each of which takes the memory of a run; others wait")]
    [Range(1, 10_000)]
    public int MaxReplays { get; set; } = 16;

    [Setting("a run that has had no watcher and no call for this time is deleted")]
    [Range(typeof(TimeSpan), "00:00:00.100", "365.00:00:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromHours(24);

    [Setting("a watcher that is sent nothing gets a heartbeat within this time, after half of it at the earliest. Above 25 s a server warns when it starts: [proxies](proxies.md) cut streams that are silent for 50 to 60 s")]
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(15);
}
