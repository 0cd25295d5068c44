namespace Mfn.Server.Runs;

/// <summary>How a run goes, whatever it simulates.</summary>
/// <param name="Name">Names it among the live runs; null for none.</param>
/// <param name="StepsPerSecond">At most; null for as fast as possible.</param>
/// <param name="Stop">When it stops.</param>
/// <param name="HistorySteps">How many of the latest steps are kept, at least.</param>
/// <param name="BeginsPaused">Whether it waits for a command first.</param>
internal sealed record RunPlan(RunName? Name, double? StepsPerSecond, StopRule Stop, long HistorySteps, bool BeginsPaused);
