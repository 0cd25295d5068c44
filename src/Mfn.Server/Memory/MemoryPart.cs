namespace Mfn.Server.Memory;

/// <summary>For whom memory is held: an eighth of all is kept for each, however much the others want.</summary>
internal enum MemoryPart
{
    /// <summary>Connections, with nothing going on.</summary>
    Connections,

    /// <summary>What calls hold in pieces of up to 64 KiB.</summary>
    SmallCalls,

    /// <summary>What calls hold in larger pieces.</summary>
    LargeCalls,

    /// <summary>Live runs, their history, and what waits for their watchers.</summary>
    LiveRuns,
}
