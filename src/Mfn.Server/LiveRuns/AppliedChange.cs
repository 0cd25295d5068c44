using Mfn.Core.Steering;

namespace Mfn.Server.LiveRuns;

/// <summary>A change and where it was applied: <paramref name="Position"/> is right after it.</summary>
internal readonly record struct AppliedChange(RunPosition Position, StateChange Change);
