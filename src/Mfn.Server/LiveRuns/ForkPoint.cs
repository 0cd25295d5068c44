using Mfn.Server.Runs;

namespace Mfn.Server.LiveRuns;

/// <summary>The state of another run, which may be gone, that a run was forked from.</summary>
internal sealed record ForkPoint(RunId RunId, RunPosition Position);
