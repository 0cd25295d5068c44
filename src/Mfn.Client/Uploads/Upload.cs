using System.Runtime.ExceptionServices;
using Grpc.Core;

namespace Mfn.Client.Uploads;

/// <summary>
/// Sends a call's messages beside the reading of its answers, so that neither waits for the other: a server that refuses half way takes no more of
/// them, and a source that throws ends the call at once, with its exception.
/// </summary>
internal sealed class Upload<TMessage> : IAsyncDisposable
{
    // A write that is cancelled ends at once. About one in some thousands of those whose call the server has ended meanwhile never does (Grpc.Net.Client 2.85.0).
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _leaving;
    private readonly Task _sending;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Begins to send.</summary>
    /// <param name="requests">Where the messages go; completed after the last one.</param>
    /// <param name="source">The messages, each of which is sent before the next is asked for.</param>
    /// <param name="leaving">What cancels the call.</param>
    public Upload(IClientStreamWriter<TMessage> requests, MessageSource<TMessage> source, CancellationTokenSource leaving)
    {
        _leaving = leaving;
        _sending = SendAsync(requests, source, leaving.Token);
    }

    /// <summary>What reading gives, unless the source of the messages has thrown: then its exception.</summary>
    public async Task<T> ReadAsync<T>(Task<T> reading)
    {
        try
        {
            return await reading;
        }
        catch when (Volatile.Read(ref _failure) is { } failure)
        {
            failure.Throw();
            throw;
        }
    }

    /// <summary>Ends the call, if it has not ended, and waits for what is being written, unless that never ends.</summary>
    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        await ((Task)_sending.WaitAsync(Patience)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task SendAsync(IClientStreamWriter<TMessage> requests, MessageSource<TMessage> source, CancellationToken cancellationToken)
    {
        while (await MoveNextAsync(source, cancellationToken))
        {
            // A call that has ended says to its reader why.
            await requests.WriteAsync(source.Current, cancellationToken);
        }

        await requests.CompleteAsync();
    }

    private async Task<bool> MoveNextAsync(MessageSource<TMessage> source, CancellationToken cancellationToken)
    {
        try
        {
            return await source.MoveNextAsync();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Volatile.Write(ref _failure, ExceptionDispatchInfo.Capture(exception));
            await _leaving.CancelAsync();
            throw;
        }
    }
}
