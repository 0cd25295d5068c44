using System.Net;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Mfn.Server.Audit;
using Mfn.Server.Identity;
using Mfn.Server.Observability;

namespace Mfn.Server.Calls;

/// <summary>Notes every call in the audit log, whatever comes of it: around everything else that happens to a call.</summary>
internal sealed class CallAudit(RequestDelegate next, AuditLog log, ServerMetrics metrics, TimeProvider clock)
{
    private const string AnswerNotTaken = "ANSWER_NOT_TAKEN";
    private const string Unavailable = "AUDIT_UNAVAILABLE";

    public async Task InvokeAsync(HttpContext context)
    {
        var call = log.Begin();
        context.Features.Set(call);
        try
        {
            if (log.MustRefuse && PermissionTable.Of(context)?.IsOpen != true)
            {
                var refusal = CallRefusedException.NotAudited();
                refusal.Answer(context);
                refusal.CountIn(metrics);
                call.Reason = Unavailable;
            }
            else
            {
                await next(context);
            }
        }
        finally
        {
            await EndAsync(context, call);
        }
    }

    /// <summary>Notes that a stream has begun, if there is an audit log.</summary>
    public static ValueTask BeginAsync<TRequest>(ServerCallContext context, TRequest? request = default)
    {
        var http = context.GetHttpContext();
        if (request is not null)
        {
            Describe(http, request);
        }

        if (AuditedCall.Of(http) is not { } call)
        {
            return ValueTask.CompletedTask;
        }

        call.HasBegun = true;
        var services = http.RequestServices;
        return services.GetRequiredService<AuditLog>().NoteAsync(Describe(http, call, AuditEventKind.Begin, services.GetRequiredService<TimeProvider>().GetUtcNow()));
    }

    /// <summary>Notes which run a message is about.</summary>
    public static void Describe<T>(HttpContext context, T message) => AuditedMessage<T>.Describe(AuditedCall.Of(context), CallScope.Of(context), message);

    /// <summary>Notes why a call is refused.</summary>
    public static void NoteReason(HttpContext context, CallRefusedException refusal)
    {
        if (AuditedCall.Of(context) is { } call)
        {
            call.Reason = refusal.ErrorReason;
        }
    }

    /// <summary>Notes what became of a command of a stream.</summary>
    /// <param name="context">The stream's.</param>
    /// <param name="action">What was to be done.</param>
    /// <param name="refusal">Why it was not; null if it was.</param>
    public static ValueTask NoteCommandAsync(ServerCallContext context, string action, CallRefusedException? refusal)
    {
        var http = context.GetHttpContext();
        if (AuditedCall.Of(http) is not { } call)
        {
            return ValueTask.CompletedTask;
        }

        var services = http.RequestServices;
        return services.GetRequiredService<AuditLog>().NoteAsync(Describe(http, call, AuditEventKind.Command, services.GetRequiredService<TimeProvider>().GetUtcNow()) with
        {
            Action = action,
            Code = refusal?.StatusCode ?? StatusCode.OK,
            Reason = refusal?.ErrorReason,
        });
    }

    private ValueTask EndAsync(HttpContext context, AuditedCall call)
    {
        var code = CallStatus.Of(context);
        var isTaken = code != StatusCode.OK || !context.RequestAborted.IsCancellationRequested;
        var each = Describe(context, call, call.HasBegun ? AuditEventKind.End : AuditEventKind.Call, clock.GetUtcNow()) with
        {
            Created = call.Created,
            Code = code,
            Reason = isTaken ? call.Reason : AnswerNotTaken,
            Duration = log.DurationOf(call),
        };
        return IsAnybodys(context, each) && !call.HasBegun ? log.NoteAlikeAsync(each) : log.NoteAsync(each);
    }

    // Such calls cost their callers nothing: everybody can make them, or they are refused before anything is done.
    private static bool IsAnybodys(HttpContext context, AuditEvent call) =>
        call.Caller is null
        || call.Code is StatusCode.PermissionDenied or StatusCode.ResourceExhausted or StatusCode.Unauthenticated or StatusCode.Unimplemented
        || PermissionTable.Of(context)?.IsOpen == true;

    private static AuditEvent Describe(HttpContext context, AuditedCall call, AuditEventKind kind, DateTimeOffset time) => new(kind, time)
    {
        Call = call.Number,
        Caller = CallerPrincipal.Of(context)?.Identity ?? context.Features.Get<CredentialRefusedException>()?.Identity,
        Peer = PeerOf(context.Connection),
        Rpc = context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.FullName[1..] ?? "unknown",
        Permission = PermissionTable.Of(context)?.Name,
        Resource = call.Resource,
        ResourceName = call.ResourceName,
        CorrelationId = CallScope.Of(context)?.CorrelationId,
    };

    private static string PeerOf(ConnectionInfo connection) =>
        connection.RemoteIpAddress is { } address ? new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, connection.RemotePort).ToString() : "unix";
}
