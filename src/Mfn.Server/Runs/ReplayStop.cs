namespace Mfn.Server.Runs;

/// <summary>Why a replay has stopped where it is.</summary>
internal enum ReplayStop
{
    /// <summary>A frame is due.</summary>
    Frame,

    /// <summary>It is where it was to go.</summary>
    End,

    /// <summary>What follows is no longer kept.</summary>
    Trimmed,
}
