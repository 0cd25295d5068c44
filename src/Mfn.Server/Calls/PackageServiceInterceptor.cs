using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Health.V1;
using Mfn.Server.Lifetime;

namespace Mfn.Server.Calls;

/// <summary>
/// Gives the services that come from packages, health and reflection, what the server's own have: time-outs for a client that sends or takes
/// nothing, a word about what was not found, and UNAVAILABLE rather than OK when the server ends them
/// (see <see cref="PackageServiceExtensions.EndWithServer"/>).
/// </summary>
internal sealed class PackageServiceInterceptor(RequestReader reader, ResponseWriter writer, ServerLifetime lifetime) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (RpcException error) when (request is HealthCheckRequest && error.StatusCode == StatusCode.NotFound)
        {
            throw CallRefusedException.ServiceNotFound(((HealthCheckRequest)(object)request).Service);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        if (IsOurs(context))
        {
            await continuation(request, responseStream, context);
            return;
        }

        await continuation(request, new Writer<TResponse>(responseStream, writer, context), context);
        RequireEnd(context);
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        if (IsOurs(context))
        {
            await continuation(requestStream, responseStream, context);
            return;
        }

        await continuation(new Reader<TRequest>(requestStream, reader, context), new Writer<TResponse>(responseStream, writer, context), context);
        RequireEnd(context);
    }

    // These services take the end of their call for the client's, and answer OK.
    private void RequireEnd(ServerCallContext context)
    {
        CallRights.Require(context.GetHttpContext());
        lifetime.Drained.ThrowIfCancellationRequested();
    }

    // An upload's messages are of a type of our own, and a run's are many: they are read and written as their services say.
    private static bool IsOurs(ServerCallContext context) => context.Method.StartsWith("/mfn.", StringComparison.Ordinal);

    private sealed class Reader<T>(IAsyncStreamReader<T> stream, RequestReader reader, ServerCallContext context) : IAsyncStreamReader<T>
    {
        public T Current => stream.Current;

        public Task<bool> MoveNext(CancellationToken cancellationToken) => reader.MoveNextAsync(stream, context);
    }

    private sealed class Writer<T>(IServerStreamWriter<T> stream, ResponseWriter writer, ServerCallContext context) : IServerStreamWriter<T>
    {
        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(T message) => writer.WriteAsync(stream, message, context);
    }
}
