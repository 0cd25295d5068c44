using Grpc.Core;
using Mfn.Server.Configuration;
using Mfn.Server.Lifetime;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Calls;

/// <summary>Writes the messages of a stream, and frees what a client that takes none of them holds.</summary>
internal sealed class ResponseWriter(IOptionsMonitor<StreamingOptions> options, ServerLifetime lifetime, TimeProvider clock)
{
    /// <summary>How long an answer may take before its headers go ahead of it.</summary>
    public static readonly TimeSpan HeadersDelay = TimeSpan.FromSeconds(1);

    // What a client that reads needs at most to take what is on its way to it when the server has drained.
    private static readonly TimeSpan LastWriteTime = TimeSpan.FromSeconds(1);

    private static readonly WriteOptions Followed = new(WriteFlags.BufferHint);

    /// <summary>Writes one message; waits for a slow client up to the write time-out, or until a moment after the server has drained.</summary>
    /// <param name="stream">The call's stream.</param>
    /// <param name="message">Serialised before the first wait, so that its memory may be reused as soon as this method has thrown or returned.</param>
    /// <param name="context">The call.</param>
    /// <param name="isFollowed">Whether another message follows at once, with which this one is sent.</param>
    /// <exception cref="CallRefusedException">The client took nothing for the time-out; the call is aborted.</exception>
    public Task WriteAsync<T>(IServerStreamWriter<T> stream, T message, ServerCallContext context, bool isFollowed = false)
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        stream.WriteOptions = isFollowed ? Followed : null;

        // Most writes need not wait, and so neither a timer nor anybody who listens to the call's end.
        var writing = stream.WriteAsync(message);
        return writing.IsCompletedSuccessfully ? Task.CompletedTask : WaitForAsync(writing, context);
    }

    /// <summary>Sends the response's headers ahead of any message.</summary>
    /// <exception cref="CallRefusedException">The client took nothing for the time-out; the call is aborted.</exception>
    public Task SendHeadersAsync(ServerCallContext context) => WaitForAsync(context.WriteResponseHeadersAsync([]), context);

    /// <summary>
    /// Waits for what is to be answered. If that takes long, the response's headers are sent first: a proxy then sees that the server lives, and so does a
    /// client, which no longer takes the call for one that may be made elsewhere.
    /// </summary>
    public async Task<T> SendHeadersUnlessSoonAsync<T>(Task<T> answering, ServerCallContext context)
    {
        if (!answering.IsCompleted)
        {
            await ((Task)answering).WaitAsync(HeadersDelay, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!answering.IsCompleted && !context.CancellationToken.IsCancellationRequested)
            {
                // A client that takes none has left or is cut off, which ends what it waits for too.
                await SendHeadersAsync(context).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        return await answering;
    }

    private async Task WaitForAsync(Task writing, ServerCallContext context)
    {
        var timeout = options.CurrentValue.WriteTimeout;
        var call = context.GetHttpContext();
        await using var leaving = context.CancellationToken.UnsafeRegister(static call => Abort((HttpContext)call!), call);
        try
        {
            await writing.WaitAsync(timeout, clock, lifetime.Drained);
        }
        catch (TimeoutException)
        {
            call.Abort();
            throw CallRefusedException.OverLimit($"The client took no message for {timeout}.", TimeSpan.Zero);
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            await writing.WaitAsync(LastWriteTime, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!writing.IsCompleted)
            {
                // The unfinished write blocks the stream, so that no status can follow it.
                call.Abort();
            }

            throw;
        }
    }

    private static void Abort(HttpContext call)
    {
        try
        {
            call.Abort();
        }
        catch (ObjectDisposedException)
        {
            // Whoever waited for the write has given up before, and the call has ended.
        }
    }
}
