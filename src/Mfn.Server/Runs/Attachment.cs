using Mfn.Server.Storage;

namespace Mfn.Server.Runs;

/// <summary>What became of a subscription that was to be attached to a run.</summary>
/// <param name="IsAttached">Whether it gets what follows <paramref name="Position"/>.</param>
/// <param name="Position">Where the run is.</param>
/// <param name="HasEnded">Whether the run has ended there.</param>
internal readonly record struct Attachment(bool IsAttached, RunPosition Position, bool HasEnded);
