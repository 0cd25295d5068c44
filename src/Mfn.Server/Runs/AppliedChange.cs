using Mfn.Core.Steering;
using Mfn.Server.Storage;

namespace Mfn.Server.Runs;

/// <summary>A change and where it was applied: <paramref name="Position"/> is right after it.</summary>
internal readonly record struct AppliedChange(RunPosition Position, StateChange Change);
