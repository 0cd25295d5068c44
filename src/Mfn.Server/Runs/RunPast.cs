using Mfn.Server.Storage;

namespace Mfn.Server.Runs;

/// <summary>What the log of a run tells about the time before the process began: the run goes through it again before it does anything else.</summary>
/// <param name="Commands">All commands, in order, each with where the run was right after it.</param>
/// <param name="Horizon">Steps up to this one may have been shown to watchers.</param>
/// <param name="End">How it ended of itself, and at which step; none if it has not.</param>
internal sealed record RunPast(IReadOnlyList<(SteeringCommand Command, RunPosition Position)> Commands, int Horizon, (RunEnd End, int Step)? End)
{
    /// <summary>A run that begins.</summary>
    public static RunPast None { get; } = new([], 0, null);
}
