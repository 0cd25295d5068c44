namespace Mfn.Server.Runs;

/// <summary>What the checkpoints of a run are like.</summary>
/// <param name="Count">How many there were.</param>
/// <param name="ByteCount">What was read of them.</param>
/// <param name="Damaged">The files that are not what was written, and what is wrong with each, as a sentence.</param>
internal sealed record CheckpointFindings(int Count, long ByteCount, IReadOnlyList<(string Name, string Problem)> Damaged);
