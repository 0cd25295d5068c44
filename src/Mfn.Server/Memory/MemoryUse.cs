namespace Mfn.Server.Memory;

/// <summary>What memory is held for.</summary>
internal enum MemoryUse
{
    /// <summary>Connections, with nothing going on.</summary>
    Connections,

    /// <summary>Calls that are open, and the messages and fields that they receive.</summary>
    Requests,

    /// <summary>Unary answers that the client has not taken yet.</summary>
    Answers,

    /// <summary>Checkpoints of other servers that are being received.</summary>
    Imports,

    /// <summary>Frames that wait for watchers.</summary>
    Backlogs,

    /// <summary>Updates, and what it takes to aggregate them.</summary>
    Rounds,

    /// <summary>Checkpoints from which the latest steps of live runs can be recomputed.</summary>
    History,

    /// <summary>The fields that live runs and simulations step.</summary>
    Runs,
}
