using System.Diagnostics;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Mfn.Client;

/// <summary>
/// Makes a span of each call, with the names of OpenTelemetry's conventions for RPC, if anybody listens to <see cref="MfnClient.ActivitySourceName"/>. The server's span of the call becomes
/// its child, whose parent the call says itself: .NET's HTTP client would say one of its own between them that nobody records.
/// </summary>
internal sealed class TracingInterceptor(Uri address) : Interceptor
{
    private static readonly ActivitySource Source = new(MfnClient.ActivitySourceName);

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        var (call, span) = Begin(context, context => continuation(request, context));
        return span is null ? call : new AsyncUnaryCall<TResponse>(
            span.EndWithAsync(call.ResponseAsync), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, span.EndAfter(call.Dispose));
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        var (call, span) = Begin(context, context => continuation(request, context));
        return span is null ? call : new AsyncServerStreamingCall<TResponse>(
            new Reader<TResponse>(call.ResponseStream, span), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, span.EndAfter(call.Dispose));
    }

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context, AsyncClientStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        var (call, span) = Begin(context, context => continuation(context));
        return span is null ? call : new AsyncClientStreamingCall<TRequest, TResponse>(
            call.RequestStream, span.EndWithAsync(call.ResponseAsync), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, span.EndAfter(call.Dispose));
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context, AsyncDuplexStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        var (call, span) = Begin(context, context => continuation(context));
        return span is null ? call : new AsyncDuplexStreamingCall<TRequest, TResponse>(
            call.RequestStream, new Reader<TResponse>(call.ResponseStream, span), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, span.EndAfter(call.Dispose));
    }

    private (T Call, CallSpan? Span) Begin<T, TRequest, TResponse>(ClientInterceptorContext<TRequest, TResponse> context, Func<ClientInterceptorContext<TRequest, TResponse>, T> call)
        where TRequest : class
        where TResponse : class
    {
        var current = Activity.Current;
        var method = context.Method.FullName[1..];
        if (Source.StartActivity(method, ActivityKind.Client) is not { } activity)
        {
            return (call(context), null);
        }

        activity.SetTag("rpc.system.name", "grpc");
        activity.SetTag("rpc.method", method);
        activity.SetTag("server.address", address.Host);
        activity.SetTag("server.port", address.Port);
        var span = new CallSpan(activity);
        try
        {
            return (call(new ClientInterceptorContext<TRequest, TResponse>(context.Method, context.Host, context.Options.WithHeaders(Headers(context.Options.Headers, activity)))), span);
        }
        catch
        {
            span.End(StatusCode.Internal);
            throw;
        }
        finally
        {
            // The span is under way for the call alone, not for what its caller does beside it.
            Activity.Current = current;
        }
    }

    private static Metadata Headers(Metadata? others, Activity activity)
    {
        var headers = new Metadata();
        foreach (var entry in others ?? [])
        {
            headers.Add(entry);
        }

        headers.Add("traceparent", activity.Id!);
        if (activity.TraceStateString is { Length: > 0 } state)
        {
            headers.Add("tracestate", state);
        }

        return headers;
    }

    /// <summary>The span of a call, which ends once.</summary>
    private sealed class CallSpan(Activity activity)
    {
        private int _hasEnded;

        public async Task<T> EndWithAsync<T>(Task<T> response)
        {
            try
            {
                var answer = await response;
                End(StatusCode.OK);
                return answer;
            }
            catch (RpcException error)
            {
                End(error.StatusCode);
                throw;
            }
        }

        public Action EndAfter(Action dispose) => () =>
        {
            dispose();
            End(StatusCode.Cancelled);
        };

        public void End(StatusCode code)
        {
            if (Interlocked.Exchange(ref _hasEnded, 1) != 0)
            {
                return;
            }

            var name = NameOf(code);
            activity.SetTag("rpc.response.status_code", name);
            if (code != StatusCode.OK)
            {
                activity.SetTag("error.type", name);
                activity.SetStatus(ActivityStatusCode.Error);
            }

            // What is under way where the call ends is not its business.
            var current = Activity.Current;
            activity.Stop();
            Activity.Current = current;
        }

        // As the protocol spells them.
        private static string NameOf(StatusCode code) => code == StatusCode.OK
            ? "OK"
            : string.Concat(code.ToString().Select((letter, i) => i > 0 && char.IsUpper(letter) ? $"_{letter}" : $"{char.ToUpperInvariant(letter)}"));
    }

    private sealed class Reader<T>(IAsyncStreamReader<T> inner, CallSpan span) : IAsyncStreamReader<T>
    {
        public T Current => inner.Current;

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            try
            {
                if (await inner.MoveNext(cancellationToken))
                {
                    return true;
                }

                span.End(StatusCode.OK);
                return false;
            }
            catch (RpcException error)
            {
                span.End(error.StatusCode);
                throw;
            }
        }
    }
}
