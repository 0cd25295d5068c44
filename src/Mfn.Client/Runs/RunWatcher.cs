using System.Runtime.CompilerServices;
using Google.Protobuf;
using Grpc.Core;
using Mfn.Contracts.V1;

namespace Mfn.Client.Runs;

/// <summary>Watches a run through as many streams as it takes.</summary>
internal sealed class RunWatcher(RunService.RunServiceClient runs, WatchRunRequest request, WatchOptions options)
{
    public async IAsyncEnumerable<WatchEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var decoder = new WatchDecoder(request, options.VerifyChain);
        var backoff = new Backoff(options);
        while (true)
        {
            RpcException? failure = null;
            using (var call = runs.WatchRun(From(decoder.Token), cancellationToken: cancellationToken))
            {
                while (failure is null)
                {
                    WatchRunResponse message;
                    try
                    {
                        message = await ReadAsync(call.ResponseStream, cancellationToken);
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

            await backoff.WaitAsync(failure, cancellationToken);
        }
    }

    private async Task<WatchRunResponse> ReadAsync(IAsyncStreamReader<WatchRunResponse> stream, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.MoveNext(cancellationToken).WaitAsync(options.MaxSilence, options.Clock, cancellationToken)
                ? stream.Current
                : throw new RpcException(new Status(StatusCode.Unavailable, "The stream ended before the run did."));
        }
        catch (TimeoutException)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, $"The server was silent for {options.MaxSilence}."));
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
