namespace Mfn.Client.Runs;

/// <summary>How a watcher holds on to its run.</summary>
public sealed record WatchOptions : ReconnectOptions
{
    /// <summary>Whether the hash chain over the messages is checked. It costs a SHA-256 of each frame's bytes.</summary>
    public bool VerifyChain { get; init; } = true;
}
