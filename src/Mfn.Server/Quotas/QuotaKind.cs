namespace Mfn.Server.Quotas;

/// <summary>What a quota bounds. The names on the wire and in the file of quotas are those in snake case.</summary>
internal enum QuotaKind
{
    /// <summary>Computation, by the second.</summary>
    CellSteps,

    /// <summary>Live runs.</summary>
    LiveRuns,

    /// <summary>Open watches.</summary>
    Watchers,

    /// <summary>Memory for the history of live runs, in bytes.</summary>
    HistoryBytes,

    /// <summary>Uploads under way, in bytes.</summary>
    UploadBytes,

    /// <summary>Open calls.</summary>
    OpenCalls,
}
