namespace Mfn.Server.Runs;

/// <summary>Why a run has ended.</summary>
internal enum RunEndReason
{
    /// <summary>It has met its stop rule.</summary>
    Stopped,

    /// <summary>It was deleted.</summary>
    Deleted,

    /// <summary>It cannot go on.</summary>
    Failed,

    /// <summary>Nobody had asked for it for the idle time.</summary>
    Idle,
}
