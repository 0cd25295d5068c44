using Mfn.Client.Runs;

namespace Mfn.Cli.Runs;

/// <summary>Where the events of a watched run are shown.</summary>
internal interface IWatchDisplay : IAsyncDisposable
{
    /// <summary>Cancelled when the user wants to see no more.</summary>
    CancellationToken Closed { get; }

    /// <summary>Shows an event.</summary>
    void Show(WatchEvent told);

    /// <summary>Shows that the stream was lost and will be resumed.</summary>
    void ShowTrouble(string message);
}
