using Grpc.Core;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary>Where the events of a watched run are shown.</summary>
internal interface IWatchDisplay : IAsyncDisposable
{
    /// <summary>Cancelled when the user wants to see no more.</summary>
    CancellationToken Closed { get; }

    /// <summary>Shows an event.</summary>
    void Show(WatchEvent told);

    /// <summary>Shows that the stream was lost, why, and after what wait it will be resumed.</summary>
    void ShowTrouble(RpcException error, TimeSpan delay);

    /// <summary>Lets a request ask for what is to be seen. The token is cancelled when something else is.</summary>
    CancellationToken Adapt(WatchRunRequest request);
}
