using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Mfn.Server.Lifetime;
using Mfn.Server.Observability;
using Mfn.Server.Texts;

namespace Mfn.Server.Calls;

/// <summary>
/// What happens around every call: it is counted, its messages are looked through, and its errors become statuses here and nowhere else. What the server did
/// not foresee is logged and tells the client nothing.
/// </summary>
internal sealed partial class CallInterceptor(OpenCalls openCalls, ResponseWriter writer, ServerMetrics metrics, ServerLifetime lifetime, TimeProvider clock, ILogger<CallInterceptor> logger) : Interceptor
{
    /// <summary>All that a client is told of a fault of the server.</summary>
    public const string InternalError = "Internal error.";

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            using var call = openCalls.Open(context);
            CallAudit.Describe(context.GetHttpContext(), request);
            TextLimits.Check(request);
            var answer = await writer.SendHeadersUnlessSoonAsync(continuation(request, context), context);
            context.GetHttpContext().Features.Get<IAnswerLimit>()?.Admit(((IMessage)answer).CalculateSize());
            CallAudit.Describe(context.GetHttpContext(), answer);
            return answer;
        }
        catch (Exception error)
        {
            throw ToRpcException(error, context);
        }
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            using var call = openCalls.Open(context);
            await CallAudit.BeginAsync<TRequest>(context);
            var answer = await continuation(new IncomingMessages<TRequest>(requestStream, context.GetHttpContext()), context);
            CallAudit.Describe(context.GetHttpContext(), answer);
            return answer;
        }
        catch (Exception error)
        {
            throw ToRpcException(error, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            using var call = openCalls.Open(context);
            await CallAudit.BeginAsync(context, request);
            TextLimits.Check(request);
            await continuation(request, responseStream, context);
        }
        catch (Exception error)
        {
            throw ToRpcException(error, context);
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            using var call = openCalls.Open(context);
            await CallAudit.BeginAsync<TRequest>(context);
            await continuation(new IncomingMessages<TRequest>(requestStream, context.GetHttpContext()), responseStream, context);
        }
        catch (Exception error)
        {
            throw ToRpcException(error, context);
        }
    }

    private RpcException ToRpcException(Exception error, ServerCallContext context)
    {
        switch (error)
        {
            case CallRefusedException { StatusCode: StatusCode.Cancelled } gone:
                LogCancelled(context.Method, StatusCode.Cancelled);
                return gone.ToRpcException();
            case CallRefusedException refused:
                return ToRpcException(refused, context);
            case OperationCanceledException or InvalidOperationException or IOException when CallRights.FindRefusal(context.GetHttpContext()) is { } ended:

                // The other two are what a write finds when its call is cancelled.
                return ToRpcException(ended, context);
            case RpcException { StatusCode: not (StatusCode.Internal or StatusCode.Unknown) } refused:

                // Of a service that comes from a package.
                var reason = CallersText.Show(refused.Status.Detail, CallersText.LongestInLog);
                LogRefused(context.Method, refused.StatusCode, reason);
                return refused;
            case OperationCanceledException when context.Deadline < clock.GetUtcNow().UtcDateTime:
                LogCancelled(context.Method, StatusCode.DeadlineExceeded);
                return new RpcException(new Status(StatusCode.DeadlineExceeded, "The deadline passed before the call was done."));
            case OperationCanceledException when lifetime.Drained.IsCancellationRequested:

                // Before the next case: with the server's end, calls of package services are cancelled too.
                return ToRpcException(CallRefusedException.Stopping(), context);
            case OperationCanceledException or InvalidOperationException or IOException when HasGone(context):

                // Here it is the client that has gone.
                LogCancelled(context.Method, StatusCode.Cancelled);
                return CallRefusedException.Gone().ToRpcException();
            default:
                LogUnhandled(error, context.Method);
                return new RpcException(new Status(StatusCode.Internal, InternalError));
        }
    }

    // The call's own token learns of it a moment later.
    private static bool HasGone(ServerCallContext context) =>
        context.CancellationToken.IsCancellationRequested || context.GetHttpContext().RequestAborted.IsCancellationRequested;

    private RpcException ToRpcException(CallRefusedException refused, ServerCallContext context)
    {
        LogRefused(context.Method, refused.StatusCode, refused.Message);
        refused.CountIn(metrics);
        CallAudit.NoteReason(context.GetHttpContext(), refused);
        return refused.ToRpcException();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Method} refused with {StatusCode}: {Reason}")]
    private partial void LogRefused(string method, StatusCode statusCode, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Method} ended by its client with {StatusCode}")]
    private partial void LogCancelled(string method, StatusCode statusCode);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} failed")]
    private partial void LogUnhandled(Exception error, string method);
}
