using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Mfn.Server.Lifetime;
using Mfn.Server.Logging;
using Mfn.Server.Observability;
using Mfn.Server.Texts;

namespace Mfn.Server.Calls;

/// <summary>
/// What happens around every call: it is counted, its messages are looked through, and its errors become statuses here and nowhere else. What the server did
/// not foresee is logged and tells the client nothing.
/// </summary>
internal sealed partial class CallInterceptor(OpenCalls openCalls, ResponseWriter writer, ServerMetrics metrics, ServerLifetime lifetime, TimeProvider clock, CallLog calls, RefusalLog log, ILogger<CallInterceptor> logger) : Interceptor
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
            calls.NoteBegun(context.GetHttpContext());
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
            calls.NoteBegun(context.GetHttpContext());
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
            calls.NoteBegun(context.GetHttpContext());
            await continuation(new IncomingMessages<TRequest>(requestStream, context.GetHttpContext()), responseStream, context);
        }
        catch (Exception error)
        {
            throw ToRpcException(error, context);
        }
    }

    private RpcException ToRpcException(Exception error, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        if (http.Response.HasStarted && CallScope.Of(http) is { } call)
        {
            // Clients show the trailers of what fails, and of answers that have not begun the headers.
            context.ResponseTrailers.Add(CorrelationId.Header, call.CorrelationId);
        }

        switch (error)
        {
            case CallRefusedException { StatusCode: StatusCode.Cancelled } gone:
                log.NoteCancelled(http, StatusCode.Cancelled);
                return gone.ToRpcException();
            case CallRefusedException refused:
                return ToRpcException(refused, context);
            case OperationCanceledException or InvalidOperationException or IOException when CallRights.FindRefusal(http) is { } ended:

                // The other two are what a write finds when its call is cancelled.
                return ToRpcException(ended, context);
            case RpcException { StatusCode: not (StatusCode.Internal or StatusCode.Unknown) } refused:

                // Of a service that comes from a package.
                var reason = CallersText.Show(refused.Status.Detail, CallersText.LongestInLog);
                log.NoteRefused(http, refused.StatusCode, reason);
                return refused;
            case OperationCanceledException when context.Deadline < clock.GetUtcNow().UtcDateTime:
                log.NoteCancelled(http, StatusCode.DeadlineExceeded);
                return new RpcException(new Status(StatusCode.DeadlineExceeded, "The deadline passed before the call was done."));
            case OperationCanceledException when lifetime.Drained.IsCancellationRequested:

                // Before the next case: with the server's end, calls of package services are cancelled too.
                return ToRpcException(CallRefusedException.Stopping(), context);
            case OperationCanceledException or InvalidOperationException or IOException when HasGone(context):

                // Here it is the client that has gone.
                log.NoteCancelled(http, StatusCode.Cancelled);
                return CallRefusedException.Gone().ToRpcException();
            default:
                LogUnhandled(error, context.Method);
                Spans.NoteFault(context.GetHttpContext(), error);
                return new RpcException(new Status(StatusCode.Internal, InternalError));
        }
    }

    // The call's own token learns of it a moment later.
    private static bool HasGone(ServerCallContext context) =>
        context.CancellationToken.IsCancellationRequested || context.GetHttpContext().RequestAborted.IsCancellationRequested;

    private RpcException ToRpcException(CallRefusedException refused, ServerCallContext context)
    {
        log.NoteRefused(context.GetHttpContext(), refused.StatusCode, refused.Message);
        refused.CountIn(metrics);
        Spans.OfCall(context.GetHttpContext())?.SetTag(Spans.RefusalReason, refused.ErrorReason);
        CallAudit.NoteReason(context.GetHttpContext(), refused);
        return refused.ToRpcException();
    }

    [LoggerMessage(EventId = 1006, EventName = "CallFailed", Level = LogLevel.Error, Message = "{Method} failed")]
    [LogMeaning("A fault of the server, which its caller knows as INTERNAL: please report it, with the exception.")]
    private partial void LogUnhandled(Exception error, string method);
}
