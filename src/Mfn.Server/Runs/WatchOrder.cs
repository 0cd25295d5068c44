namespace Mfn.Server.Runs;

/// <summary>What a watcher asks for; valid.</summary>
/// <param name="FromStep">Begins with the state after this step; null to begin otherwise.</param>
/// <param name="Token">Goes on after this; null to begin otherwise. With neither it begins with the state as it is.</param>
/// <param name="Delivery">What happens when it reads slowly.</param>
/// <param name="Qualities">What it gets: as asked for, then ever less if it may be degraded.</param>
/// <param name="BacklogFrames">Frames that may wait for it.</param>
internal sealed record WatchOrder(long? FromStep, ResumeToken? Token, Delivery Delivery, IReadOnlyList<WatchQuality> Qualities, int BacklogFrames);
