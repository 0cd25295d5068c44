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

    /// <summary>The largest grid_size of a run, and the most rows and columns of one of kinetics. A field takes 8 bytes a cell, a run up to six fields.</summary>
    [Range(4, 4096)]
    public int MaxGridSize { get; set; } = 1024;

    /// <summary>The most steps of a run.</summary>
    [Range(1, 100_000_000)]
    public int MaxSteps { get; set; } = 10_000;

    /// <summary>The most frames of a history that a caller sends.</summary>
    [Range(1, 100_000_000)]
    public int MaxFrames { get; set; } = 10_000;

    /// <summary>The most simulations, rounds and validations that calls may compute at once; one more is refused with RESOURCE_EXHAUSTED.</summary>
    [Range(1, 100_000)]
    public int MaxConcurrentComputations { get; set; } = 64;

    /// <summary>The largest request message in bytes; a larger one is refused with RESOURCE_EXHAUSTED.</summary>
    [Range(1024, 1 << 30)]
    public int MaxRequestBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>The most bytes that one round of aggregation may take: its updates, and what it takes to aggregate them.</summary>
    /// <remarks>With more, the number of distances between updates would not fit into an array.</remarks>
    [Range(typeof(long), "1048576", "34359738368")]
    public long MaxAggregationBytes
    {
        get => field > 0 ? field : Math.Min(1L << 30, MaxTotalAggregationBytes);
        set;
    }

    /// <summary>The most bytes that all rounds under way may take together.</summary>
    [Range(typeof(long), "1048576", "1099511627776")]
    public long MaxTotalAggregationBytes { get; set; } = 4L << 30;

    /// <summary>
    /// The most memory for everything that the server holds for its clients: requests, answers, imports, backlogs, rounds, history and runs. The
    /// default is half of what the machine or the container has.
    /// </summary>
    [Range(typeof(long), "67108864", "17592186044416")]
    public long MaxMemoryBytes { get; set; } = Math.Max(64L << 20, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2);

    /// <summary>The share of MaxMemoryBytes that the calls of one connection may hold, and of the MaxConcurrentComputations that they may compute, one at least.</summary>
    [Range(0.01, 1.0)]
    public double MaxConnectionShare { get; set; } = 0.75;

    /// <summary>How many threads aggregate a round; the result does not depend on it.</summary>
    [Range(1, 64)]
    public int AggregationThreads { get; set; } = 1;

    /// <summary>The most calls open at once on one connection. It is announced to clients, which let one more wait or open another connection.</summary>
    [Range(1, 100_000)]
    public int MaxStreamsPerConnection { get; set; } = 256;

    /// <summary>The most connections; one more is closed as soon as it is made.</summary>
    [Range(16, 1_000_000)]
    public int MaxConnections { get; set; } = 10_000;

    /// <summary>
    /// Whether clients are told of twice as many streams and 64 more, so that one call too many is sent and refused with RESOURCE_EXHAUSTED rather than
    /// left waiting in the client. Not behind a proxy that shares connections: it would fill one beyond what is served.
    /// </summary>
    public bool AnnounceSpareStreams { get; set; }
}
