using System.ComponentModel.DataAnnotations;

namespace Mfn.Server.Configuration;

/// <summary>What somebody may have of the server; what is null is not limited.</summary>
internal abstract class QuotaOptions
{
    [Setting("the cell-steps that {whose} may have computed a second, on the average ([quotas](security.md#quotas))", IsLive = true)]
    [Range(typeof(long), "1000000", "1000000000000000")]
    public long? CellStepsPerSecond { get; set; }

    [Setting("for how long they are saved up: so many seconds' cell-steps may be computed at once, and no call may cost more", IsLive = true)]
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan BurstTime { get; set; } = TimeSpan.FromSeconds(10);

    [Setting("the most live runs of {whose}", IsLive = true)]
    [Range(0, 100_000)]
    public int? LiveRuns { get; set; }

    [Setting("the most open watches of {whose}", IsLive = true)]
    [Range(0, 1_000_000)]
    public int? Watchers { get; set; }

    [Setting("the most memory for the history of the live runs of {whose}", IsLive = true)]
    [Range(typeof(long), "0", "1099511627776")]
    public long? HistoryBytes { get; set; }

    [Setting("the most bytes that {whose} may have under way in uploads", IsLive = true)]
    [Range(typeof(long), "65536", "1099511627776")]
    public long? UploadBytes { get; set; }

    [Setting("the most open calls of {whose}, on whatever connections", IsLive = true)]
    [Range(1, 1_000_000)]
    public int? OpenCalls { get; set; }
}
