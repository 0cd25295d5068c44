using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Mfn.Server.Lifetime;

namespace Mfn.Server.Calls;

/// <summary>
/// What happens around every call: it is counted, and its errors become statuses here and nowhere else. What the server did not foresee is
/// logged and tells the client nothing.
/// </summary>
internal sealed partial class CallInterceptor(OpenCalls openCalls, ServerLifetime lifetime, TimeProvider clock, ILogger<CallInterceptor> logger) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            using var call = openCalls.Open(context);
            return await continuation(request, context);
        }
        catch (Exception error) when (error is not RpcException)
        {
            throw ToRpcException(error, context);
        }
    }

    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation) =>
        UnaryServerHandler(requestStream, context, (stream, _) => continuation(stream, context));

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            using var call = openCalls.Open(context);
            await continuation(request, responseStream, context);
        }
        catch (Exception error) when (error is not RpcException)
        {
            throw ToRpcException(error, context);
        }
    }

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        ServerStreamingServerHandler(requestStream, responseStream, context, (stream, writer, _) => continuation(stream, writer, context));

    private RpcException ToRpcException(Exception error, ServerCallContext context)
    {
        switch (error)
        {
            case CallRefusedException refused:
                return ToRpcException(refused, context);
            case InvalidProtocolBufferException:

                // A message of a stream; the first message of a call is parsed before this, see RequestMessageMiddleware.
                LogRefused(context.Method, StatusCode.InvalidArgument, CallRefusedException.UnparsableMessage);
                return new RpcException(new Status(StatusCode.InvalidArgument, CallRefusedException.UnparsableMessage));
            case OperationCanceledException when context.Deadline < clock.GetUtcNow().UtcDateTime:
                LogCancelled(context.Method, StatusCode.DeadlineExceeded);
                return new RpcException(new Status(StatusCode.DeadlineExceeded, "The deadline passed before the call was done."));
            case OperationCanceledException when lifetime.Drained.IsCancellationRequested:

                // Before the next case: with the server's end, calls of package services are cancelled too.
                return ToRpcException(CallRefusedException.Stopping(), context);
            case OperationCanceledException or InvalidOperationException or IOException when context.CancellationToken.IsCancellationRequested:

                // The other two are what a write finds when the client has gone.
                LogCancelled(context.Method, StatusCode.Cancelled);
                return new RpcException(new Status(StatusCode.Cancelled, "The client cancelled the call."));
            default:
                LogUnhandled(error, context.Method);
                return new RpcException(new Status(StatusCode.Internal, "Internal error."));
        }
    }

    private RpcException ToRpcException(CallRefusedException refused, ServerCallContext context)
    {
        LogRefused(context.Method, refused.StatusCode, refused.Message);
        return refused.ToRpcException();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Method} refused with {StatusCode}: {Reason}")]
    private partial void LogRefused(string method, StatusCode statusCode, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Method} ended by its client with {StatusCode}")]
    private partial void LogCancelled(string method, StatusCode statusCode);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} failed")]
    private partial void LogUnhandled(Exception error, string method);
}
