namespace Mfn.Server.Runs;

/// <summary>Whether a run takes steps.</summary>
internal enum RunState
{
    /// <summary>It takes steps.</summary>
    Running,

    /// <summary>It waits for a command.</summary>
    Paused,

    /// <summary>It has met its stop rule.</summary>
    Stopped,

    /// <summary>It cannot go on.</summary>
    Failed,

    /// <summary>It was left alone when the server started.</summary>
    Damaged,
}
