using Grpc.Core;
using Mfn.Server.Configuration;
using Mfn.Server.Lifetime;
using Mfn.Server.Observability;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Calls;

/// <summary>Reads the messages of a stream, and frees what a client that sends none holds.</summary>
internal sealed class RequestReader(IOptionsMonitor<StreamingOptions> options, IOptionsMonitor<LimitsOptions> limits, ServerLifetime lifetime, TimeProvider clock)
{
    /// <summary>Waits for the next message up to the read time-out; false at the end of the stream.</summary>
    /// <exception cref="CallRefusedException">The client sent nothing for the time-out.</exception>
    /// <exception cref="OperationCanceledException">The client has gone, or the server has drained.</exception>
    public async Task<bool> MoveNextAsync<T>(IAsyncStreamReader<T> stream, ServerCallContext context)
    {
        var timeout = options.CurrentValue.ReadTimeout;
        return await TryMoveNextAsync(stream, context, timeout)
            ?? throw CallRefusedException.OverLimit($"The client sent no message for {timeout}.", TimeSpan.Zero);
    }

    /// <summary>The messages of an upload, which must all come within the upload time-out: one that trickles in ends too.</summary>
    /// <exception cref="CallRefusedException">The client sent nothing for the read time-out, or not everything within the other.</exception>
    /// <exception cref="OperationCanceledException">The client has gone, or the server has drained.</exception>
    public async IAsyncEnumerable<T> ReadUploadAsync<T>(IAsyncStreamReader<T> stream, ServerCallContext context)
    {
        using var span = Spans.StartAside(Spans.Upload);
        var (started, timeout) = (clock.GetTimestamp(), options.CurrentValue.UploadTimeout);
        for (var left = timeout; left > TimeSpan.Zero; left = timeout - clock.GetElapsedTime(started))
        {
            var hasNext = left > options.CurrentValue.ReadTimeout ? await MoveNextAsync(stream, context) : await TryMoveNextAsync(stream, context, left);
            if (hasNext is null)
            {
                break;
            }

            if (!hasNext.Value)
            {
                yield break;
            }

            yield return stream.Current;
        }

        throw CallRefusedException.OverLimit($"The client's upload was not complete after {timeout}.", TimeSpan.Zero);
    }

    /// <summary>Whether there is a next message; null if there is none yet after the time-out.</summary>
    private async Task<bool?> TryMoveNextAsync<T>(IAsyncStreamReader<T> stream, ServerCallContext context, TimeSpan timeout)
    {
        try
        {
            // A pending read ends with the call, however the call ends.
            return await stream.MoveNext(context.CancellationToken).WaitAsync(timeout, clock, lifetime.Drained);
        }
        catch (TimeoutException)
        {
            return null;
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.ResourceExhausted && error.Trailers.Count == 0)
        {
            // The library does not name the limit. What has details is our own.
            throw CallRefusedException.MessageTooLarge(limits.CurrentValue.MaxRequestBytes, " Send the stream in smaller messages.");
        }
    }
}
