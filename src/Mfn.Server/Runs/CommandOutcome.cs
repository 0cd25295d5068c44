using Mfn.Server.Storage;

namespace Mfn.Server.Runs;

/// <summary>What became of a command that was not refused.</summary>
/// <param name="Position">Where the run was right after it.</param>
/// <param name="WasApplied">Whether it had been applied before it was sent this time.</param>
internal readonly record struct CommandOutcome(RunPosition Position, bool WasApplied);
