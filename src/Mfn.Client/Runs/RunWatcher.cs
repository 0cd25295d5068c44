using System.Runtime.CompilerServices;
using Google.Protobuf;
using Grpc.Core;
using Mfn.Contracts.V1;

namespace Mfn.Client.Runs;

/// <summary>Watches a run through as many streams as it takes.</summary>
internal sealed class RunWatcher(RunService.RunServiceClient runs, ApiKeys keys, WatchRunRequest request, WatchOptions options)
{
    public async IAsyncEnumerable<WatchEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var decoder = new WatchDecoder(request, options.VerifyChain);
        var backoff = new Backoff(options, keys);
        while (true)
        {
            AsyncServerStreamingCall<WatchRunResponse>? call = null;
            RpcException? failure = null;
            try
            {
                var silence = options.MaxSilence;
                while (failure is null)
                {
                    WatchRunResponse message;
                    try
                    {
                        var isFirst = call is null;
                        call ??= runs.WatchRun(From(decoder.Token), await backoff.GetHeadersAsync(cancellationToken), cancellationToken: cancellationToken);
                        message = await ReadAsync(call.ResponseStream, silence, cancellationToken);
                        silence = isFirst ? ServerSilence.Longest(options, await call.ResponseHeadersAsync) : silence;
                    }
                    catch (RpcException error)
                    {
                        failure = error;
                        continue;
                    }

                    backoff.Reset();
                    if (decoder.Decode(message) is { } result)
                    {
                        yield return result;
                        if (result is EndEvent)
                        {
                            yield break;
                        }
                    }
                }
            }
            finally
            {
                call?.Dispose();
            }

            await backoff.WaitAsync(failure, cancellationToken);
        }
    }

    private async Task<WatchRunResponse> ReadAsync(IAsyncStreamReader<WatchRunResponse> stream, TimeSpan silence, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.MoveNext(cancellationToken).WaitAsync(silence, options.Clock, cancellationToken)
                ? stream.Current
                : throw new RpcException(new Status(StatusCode.Unavailable, "The stream ended before the run did."));
        }
        catch (TimeoutException)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, $"The server was silent for {silence}."));
        }
    }

    private WatchRunRequest From(ByteString? token)
    {
        var result = request.Clone();
        if (token is not null)
        {
            result.ResumeToken = token;
        }

        return result;
    }
}
