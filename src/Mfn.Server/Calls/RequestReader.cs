using Grpc.Core;
using Mfn.Server.Configuration;
using Mfn.Server.Lifetime;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Calls;

/// <summary>Reads the messages of a stream, and frees what a client that sends none holds.</summary>
internal sealed class RequestReader(IOptions<StreamingOptions> options, ServerLifetime lifetime, TimeProvider clock)
{
    /// <summary>Waits for the next message up to the read time-out; false at the end of the stream.</summary>
    /// <exception cref="CallRefusedException">The client sent nothing for the time-out.</exception>
    /// <exception cref="OperationCanceledException">The client has gone, or the server has drained.</exception>
    public async Task<bool> MoveNextAsync<T>(IAsyncStreamReader<T> stream, ServerCallContext context)
    {
        var timeout = options.Value.ReadTimeout;
        try
        {
            // A pending read ends with the call, however the call ends.
            return await stream.MoveNext(context.CancellationToken).WaitAsync(timeout, clock, lifetime.Drained);
        }
        catch (TimeoutException)
        {
            throw CallRefusedException.OverLimit($"The client sent no message for {timeout}.", TimeSpan.Zero);
        }
    }
}
