using System.Diagnostics;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Mfn.Server.Observability;

namespace Mfn.Server.Calls;

/// <summary>Makes of the span that ASP.NET Core has begun for a request that of a call, with the names of the conventions for RPC, and the status of gRPC. Calls of health have none.</summary>
internal sealed class CallTracing(RequestDelegate next)
{
    private const string HealthService = "grpc.health.v1.Health";
    private const string OtherMethod = "_OTHER";
    private const string RpcSystem = "grpc";

    public async Task InvokeAsync(HttpContext context)
    {
        if (Spans.OfCall(context) is not { } span)
        {
            await next(context);
            return;
        }

        var method = context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method;
        if (method?.ServiceName == HealthService)
        {
            Silence(span);
            await next(context);
            return;
        }

        Begin(span, context, method is null ? null : $"{method.ServiceName}/{method.Name}");
        try
        {
            await next(context);
        }
        finally
        {
            End(span, CallStatus.Of(context));
        }
    }

    /// <summary>Has nobody record a span, nor what is part of it.</summary>
    public static void Silence(Activity span)
    {
        span.IsAllDataRequested = false;
        span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }

    private static void Begin(Activity span, HttpContext context, string? method)
    {
        span.DisplayName = method ?? RpcSystem;
        span.SetTag("rpc.system.name", RpcSystem);
        span.SetTag("rpc.method", method ?? OtherMethod);
        if (context.Connection.LocalIpAddress is { } address)
        {
            span.SetTag("server.address", address.ToString());
            span.SetTag("server.port", context.Connection.LocalPort);
        }
    }

    private static void End(Activity span, StatusCode code)
    {
        var name = CallStatus.NameOf(code);
        span.SetTag("rpc.response.status_code", name);

        // What ASP.NET Core and the gRPC library have noted under names of their own.
        span.SetTag("grpc.method", null);
        span.SetTag("grpc.status_code", null);
        if (IsFault(code))
        {
            span.SetTag("error.type", name);
            span.SetStatus(ActivityStatusCode.Error);
        }
    }

    // What is not the client's doing, as the conventions have it for the span of a server.
    private static bool IsFault(StatusCode code) => code is
        StatusCode.Unknown or StatusCode.DeadlineExceeded or StatusCode.Unimplemented or StatusCode.Internal or StatusCode.Unavailable or StatusCode.DataLoss;
}
