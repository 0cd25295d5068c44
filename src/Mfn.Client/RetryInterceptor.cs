using System.Net.Sockets;
using System.Security.Cryptography;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Mfn.Contracts.V1;

namespace Mfn.Client;

/// <summary>
/// Makes a call again that found the server unavailable, or its caller over a quota that will allow it soon. A channel's own policy knows the status alone, and UNAVAILABLE is also what a proxy's 504 becomes, behind which
/// the server may be computing: what is more than a look-up is made again only where no connection was made, or the server itself said when.
/// </summary>
/// <remarks>Uploads are not made again: their messages may be gone. Watching and steering go on by their own rules.</remarks>
internal sealed class RetryInterceptor(MfnClientOptions options, TimeProvider clock) : Interceptor
{
    private const int JitterResolution = 1 << 30;
    private const int BackoffMultiplier = 3;

    private static readonly TimeSpan InitialBackoff = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxBackoff = TimeSpan.FromSeconds(2);

    // They read, and cost next to nothing.
    private static readonly HashSet<string> LookUps =
    [
        FullName(FeatureService.Descriptor.FullName, nameof(FeatureService.FeatureServiceClient.DescribeFeatures)),
        FullName(MembraneService.Descriptor.FullName, nameof(MembraneService.MembraneServiceClient.ComputeNernstPotential)),
        FullName(MembraneService.Descriptor.FullName, nameof(MembraneService.MembraneServiceClient.ComputeGoldmanPotential)),
        FullName(RunService.Descriptor.FullName, nameof(RunService.RunServiceClient.GetRun)),
        FullName(RunService.Descriptor.FullName, nameof(RunService.RunServiceClient.ListRuns)),
    ];

    // They change what is on the server, and a failure does not tell whether they did: made twice, they might leave two runs.
    private static readonly HashSet<string> NeverRetried =
    [
        FullName(RunService.Descriptor.FullName, nameof(RunService.RunServiceClient.CreateRun)),
        FullName(RunService.Descriptor.FullName, nameof(RunService.RunServiceClient.ForkRun)),
        FullName(RunService.Descriptor.FullName, nameof(RunService.RunServiceClient.DeleteRun)),
        FullName(RunService.Descriptor.FullName, nameof(RunService.RunServiceClient.WatchRun)),
    ];

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        var call = continuation(request, context);
        var isLeft = false;
        var responding = RespondAsync();
        return new AsyncUnaryCall<TResponse>(responding, HeadersAsync(), () => call.GetStatus(), () => call.GetTrailers(), Leave);

        async Task<TResponse> RespondAsync()
        {
            for (var tries = 1; ; tries++)
            {
                try
                {
                    return await call.ResponseAsync;
                }
                catch (RpcException error) when (!Volatile.Read(ref isLeft) && MayBeMadeAgain(context.Method.FullName, error, tries, context.Options.Deadline))
                {
                    await WaitAsync(tries, error, context.Options.CancellationToken);
                    call.Dispose();
                    call = continuation(request, context);
                }
            }
        }

        async Task<Metadata> HeadersAsync()
        {
            await ((Task)responding).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return await call.ResponseHeadersAsync;
        }

        void Leave()
        {
            Volatile.Write(ref isLeft, true);
            call.Dispose();
        }
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        if (NeverRetried.Contains(context.Method.FullName))
        {
            return continuation(request, context);
        }

        var call = continuation(request, context);
        var reader = new Reader<TResponse>(MoveToFirstAsync, () => call.ResponseStream);
        return new AsyncServerStreamingCall<TResponse>(reader, HeadersAsync(), () => call.GetStatus(), () => call.GetTrailers(), () => call.Dispose());

        // What has brought a message is not begun again.
        async Task<bool> MoveToFirstAsync(CancellationToken cancellationToken)
        {
            for (var tries = 1; ; tries++)
            {
                try
                {
                    return await call.ResponseStream.MoveNext(cancellationToken);
                }
                catch (RpcException error) when (MayBeMadeAgain(context.Method.FullName, error, tries, context.Options.Deadline))
                {
                    await WaitAsync(tries, error, cancellationToken);
                    call.Dispose();
                    call = continuation(request, context);
                }
            }
        }

        async Task<Metadata> HeadersAsync()
        {
            await reader.Begun;
            return await call.ResponseHeadersAsync;
        }
    }

    private bool MayBeMadeAgain(string method, RpcException error, int tries, DateTime? deadline)
    {
        // A quota is looked at before anything is done, so that whatever the call is, it has changed nothing.
        if (error.StatusCode == StatusCode.ResourceExhausted && error.GetQuotaViolations().Count > 0)
        {
            return tries < options.MaxQuotaTries && error.GetRetryDelay() is { } delay && delay <= options.MaxQuotaDelay
                && (deadline is not { } end || clock.GetUtcNow().UtcDateTime + delay < end.ToUniversalTime());
        }

        return error.StatusCode == StatusCode.Unavailable && tries < options.MaxTries && !NeverRetried.Contains(method)
            && (LookUps.Contains(method) || error.GetRetryDelay() is not null || FoundNoServer(error.Status.DebugException));
    }

    /// <summary>Whether nothing was sent, as there was no connection to send it on. One that breaks later is told by another exception around the socket's.</summary>
    private static bool FoundNoServer(Exception? cause) =>
        cause is SocketException or HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError };

    // The server keeps what it has promised for a while, so that a little later is in time.
    private async Task WaitAsync(int tries, RpcException error, CancellationToken cancellationToken)
    {
        var longest = InitialBackoff * Math.Pow(BackoffMultiplier, tries - 1);
        var jitter = RandomNumberGenerator.GetInt32(JitterResolution) / (double)JitterResolution;
        var delay = (error.GetRetryDelay() ?? TimeSpan.Zero) + (jitter * (longest < MaxBackoff ? longest : MaxBackoff));
        options.Retrying?.Invoke(error, delay);
        try
        {
            await clock.WaitAsync(delay, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // As a call says it.
            throw new RpcException(Status.DefaultCancelled);
        }
    }

    private static string FullName(string service, string method) => $"/{service}/{method}";

    private sealed class Reader<T>(Func<CancellationToken, Task<bool>> moveToFirstAsync, Func<IAsyncStreamReader<T>> stream) : IAsyncStreamReader<T>
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Begun => _begun.Task;

        public T Current => stream().Current;

        public Task<bool> MoveNext(CancellationToken cancellationToken) =>
            _begun.Task.IsCompleted ? stream().MoveNext(cancellationToken) : BeginAsync(cancellationToken);

        private async Task<bool> BeginAsync(CancellationToken cancellationToken)
        {
            try
            {
                return await moveToFirstAsync(cancellationToken);
            }
            finally
            {
                _begun.TrySetResult();
            }
        }
    }
}
