namespace Mfn.Server.Runs;

/// <summary>What is wrong with a run's files, and what can be saved.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Problem">Why a server leaves it alone; null if it does not.</param>
/// <param name="Obstacle">Why it cannot be continued; null if it can.</param>
/// <param name="Step">The steps of the last good state; null if there is none.</param>
/// <param name="Revision">Its revision.</param>
/// <param name="CommandCount">The commands that are known up to there, so that they are not applied when they are sent again.</param>
/// <param name="KeptAt">Where its files are as they were, if it was continued; else null.</param>
public sealed record RepairReport(string RunId, string? Problem, string? Obstacle, long? Step, long? Revision, int CommandCount, string? KeptAt);
