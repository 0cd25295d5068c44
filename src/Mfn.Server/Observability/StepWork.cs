namespace Mfn.Server.Observability;

/// <summary>What steps are computed for.</summary>
internal enum StepWork
{
    /// <summary>A live run goes on.</summary>
    Run,

    /// <summary>A call waits for its simulation.</summary>
    Simulation,

    /// <summary>A live run's steps once more: for history, or after a restart.</summary>
    Replay,
}
