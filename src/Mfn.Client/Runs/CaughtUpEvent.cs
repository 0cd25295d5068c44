namespace Mfn.Client.Runs;

/// <summary>History has been replayed, or a degraded watcher gets again what it asked for.</summary>
/// <param name="Position">Where the watcher is with it.</param>
public sealed record CaughtUpEvent(WatchPosition Position) : WatchEvent(Position);
