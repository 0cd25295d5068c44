namespace Mfn.Server.Runs;

/// <summary>A subscription in its audience.</summary>
/// <param name="subscription">Which one.</param>
/// <param name="since">It gets what comes after this.</param>
internal sealed class Watcher(Subscription subscription, long since)
{
    public Subscription Subscription => subscription;

    /// <summary>It gets what comes after this.</summary>
    public long Since => since;

    /// <summary>What it gets, as its group knows it.</summary>
    public WatchQuality Quality { get; } = subscription.Quality;
}
