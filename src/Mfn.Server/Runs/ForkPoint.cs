using Mfn.Server.Storage;


namespace Mfn.Server.Runs;

/// <summary>The state of another run, which may be gone, that a run was forked from.</summary>
internal sealed record ForkPoint(RunId RunId, RunPosition Position);
