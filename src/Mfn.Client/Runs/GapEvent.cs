using Mfn.Contracts.V1;

namespace Mfn.Client.Runs;

/// <summary>Frames that the watcher will not get.</summary>
/// <param name="Position">Where the watcher is with it.</param>
/// <param name="Reason">Why.</param>
/// <param name="FirstAvailableStep">The first step that can be had; the next frame is of it or of a later one.</param>
/// <param name="DroppedFrames">Frames dropped; 0 if not known.</param>
public sealed record GapEvent(WatchPosition Position, GapReason Reason, long FirstAvailableStep, long DroppedFrames) : WatchEvent(Position);
