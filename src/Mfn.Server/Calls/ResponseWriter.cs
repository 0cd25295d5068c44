using Grpc.Core;
using Mfn.Server.Configuration;
using Mfn.Server.Lifetime;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Calls;

/// <summary>Writes the messages of a stream, and frees what a client that takes none of them holds.</summary>
internal sealed class ResponseWriter(IOptions<StreamingOptions> options, ServerLifetime lifetime, TimeProvider clock)
{
    /// <summary>Writes one message; waits for a slow client up to the write time-out, or until the server has drained.</summary>
    /// <param name="stream">The call's stream.</param>
    /// <param name="message">Serialised before the first wait, so that its memory may be reused as soon as this method has thrown or returned.</param>
    /// <param name="context">The call.</param>
    /// <exception cref="CallRefusedException">The client took nothing for the time-out; the call is aborted.</exception>
    public async Task WriteAsync<T>(IServerStreamWriter<T> stream, T message, ServerCallContext context)
    {
        var timeout = options.Value.WriteTimeout;
        try
        {
            await stream.WriteAsync(message, context.CancellationToken).WaitAsync(timeout, clock, lifetime.Drained);
        }
        catch (TimeoutException)
        {
            context.GetHttpContext().Abort();
            throw CallRefusedException.OverLimit($"The client took no message for {timeout}.", TimeSpan.Zero);
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            // The unfinished write blocks the stream, so that no status can follow it.
            context.GetHttpContext().Abort();
            throw;
        }
    }
}
