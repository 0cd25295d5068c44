using System.ComponentModel.DataAnnotations;

namespace Mfn.Server.Configuration;

/// <summary>What a caller may ask for, and how much the server does at once.</summary>
internal sealed class LimitsOptions
{
    public const string Section = "Limits";

    /// <summary>For a caller whom nobody shares the machine with: more steps than of a server.</summary>
    public static LimitsOptions OfOneCaller { get; } = new() { MaxSteps = 1_000_000 };

    /// <summary>For what a server has accepted once, whatever its limits are by now.</summary>
    public static LimitsOptions Widest { get; } = new() { MaxGridSize = 4096, MaxSteps = 100_000_000, MaxFrames = 100_000_000, MaxRequestBytes = 1 << 30 };

    [Setting("the largest grid_size; the engine variant has its own maximum of 1024. Runs that a server with larger limits has left are taken up all the same: [durability](durability.md#runs-left-alone)", IsLive = true)]
    [Range(4, 4096)]
    public int MaxGridSize { get; set; } = 1024;

    [Setting("the most steps of a run; 1000000 where a command simulates without a server", IsLive = true)]
    [Range(1, 100_000_000)]
    public int MaxSteps { get; set; } = 10_000;

    [Setting("the most frames of a history that a caller sends", IsLive = true)]
    [Range(1, 100_000_000)]
    public int MaxFrames { get; set; } = 10_000;

    [Setting("the most simulations, rounds of aggregation and validations that calls compute at once; an upload counts once it is complete", IsLive = true)]
    [Range(1, 100_000)]
    public int MaxConcurrentComputations { get; set; } = 64;

    [Setting("the largest request message; larger fields and rounds come in parts ([files](files.md#sizes-on-the-wire)). It alone bounds a message: there is no limit of a request's body beside it")]
    [Range(1024, 1 << 30)]
    public int MaxRequestBytes { get; set; } = 4 * 1024 * 1024;

    // With more, the number of distances between updates would not fit into an array.
    [Setting("the most memory that one round of aggregation may take: its updates, and what it takes to aggregate them. By default at most `Limits:MaxTotalAggregationBytes`", IsLive = true)]
    [Range(typeof(long), "1048576", "34359738368")]
    public long MaxAggregationBytes
    {
        get => field > 0 ? field : Math.Min(1L << 30, MaxTotalAggregationBytes);
        set;
    }

    [Setting("the most memory that all rounds under way may take together", IsLive = true)]
    [Range(typeof(long), "1048576", "1099511627776")]
    public long MaxTotalAggregationBytes { get; set; } = 4L << 30;

    [Setting("the most memory for everything that the server holds for its clients: requests, answers, imports, backlogs, rounds, history and runs. The other limits of memory are within it", Default = "half of the memory that the machine or the container has")]
    [Range(typeof(long), "67108864", "17592186044416")]
    public long MaxMemoryBytes { get; set; } = Math.Max(64L << 20, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2);

    [Setting("the share of `MaxMemoryBytes` that the calls of one connection may hold, and of `MaxConcurrentComputations` that they may compute, rounded up")]
    [Range(0.01, 1.0)]
    public double MaxConnectionShare { get; set; } = 0.75;

    [Setting("how many threads aggregate a round; the result does not depend on it", IsLive = true)]
    [Range(1, 64)]
    public int AggregationThreads { get; set; } = 1;

    [Setting("the most calls open at once on one connection, which clients are told. A client that wants more opens another connection (.NET, HAProxy) or waits, without a word, until a call ends (grpc-js, gRPC C-core): give it more channels. The log and `mfn_connections_filled_total` tell of connections that are full")]
    [Range(1, 100_000)]
    public int MaxStreamsPerConnection { get; set; } = 256;

    [Setting("the most connections; one more is closed at once, and the log says so. An idle one takes about 31 KiB, and ends after 130 seconds without a call")]
    [Range(16, 1_000_000)]
    public int MaxConnections { get; set; } = 10_000;

    [Setting("whether clients are told of twice as many streams and 64 more, so that calls beyond the limit are refused with RESOURCE_EXHAUSTED rather than left waiting in the client. Not behind a proxy that shares connections ([proxies](proxies.md))")]
    public bool AnnounceSpareStreams { get; set; }
}
