using System.Collections.Frozen;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Mfn.Server.Configuration;
using Mfn.Server.Logging;
using Mfn.Server.Observability;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Calls;

/// <summary>Gives calls the id by which they are found in logs, and logs those of the services that <c>Logging:Requests</c> names.</summary>
internal sealed partial class CallLog : IDisposable
{
    private readonly ILogger<CallLog> _logger;
    private readonly IDisposable? _changes;
    private Selection _selection;

    public CallLog(IOptionsMonitor<LogOptions> options, ILogger<CallLog> logger)
    {
        _logger = logger;
        _selection = Selection.Of(options.CurrentValue);
        _changes = options.OnChange(changed => Volatile.Write(ref _selection, Selection.Of(changed)));
    }

    /// <summary>Begins what the lines that are logged of a call have in common: until whoever awaits the call goes on, so that nothing needs to end it.</summary>
    public void Begin(HttpContext context)
    {
        var id = CorrelationId.Of(context.Request.Headers);
        var rpc = context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method;
        var call = new CallScope(id, rpc?.FullName[1..]);
        context.Features.Set(call);
        context.Response.Headers[CorrelationId.Header] = id;
        Spans.OfCall(context)?.SetTag(CorrelationId.Tag, id);
        _logger.BeginScope(call);
    }

    /// <summary>Logs that a stream has begun, if calls of its service are logged.</summary>
    public void NoteBegun(HttpContext context)
    {
        if (IsLogged(context))
        {
            string path = context.Request.Path;
            LogBegun(path);
        }
    }

    /// <summary>Logs how a call has ended, if calls of its service are logged.</summary>
    public void NoteEnded(HttpContext context, StatusCode code, TimeSpan duration)
    {
        if (IsLogged(context))
        {
            string path = context.Request.Path;
            LogEnded(path, code, duration.TotalMilliseconds);
        }
    }

    public void Dispose() => _changes?.Dispose();

    private bool IsLogged(HttpContext context) =>
        Volatile.Read(ref _selection) is { IsEmpty: false } selection
        && context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>() is { } rpc
        && selection.Has(rpc.Method.ServiceName);

    [LoggerMessage(EventId = 1000, EventName = "StreamBegun", Level = LogLevel.Information, Message = "{Method} began")]
    [LogMeaning("A stream has begun whose service is among `Logging:Requests`.")]
    private partial void LogBegun(string method);

    [LoggerMessage(EventId = 1001, EventName = "CallEnded", Level = LogLevel.Information, Message = "{Method} ended with {StatusCode} after {Milliseconds:F1} ms")]
    [LogMeaning("A call has ended whose service is among `Logging:Requests`.")]
    private partial void LogEnded(string method, StatusCode statusCode, double milliseconds);

    private sealed record Selection(FrozenSet<string>? Services)
    {
        public bool IsEmpty => Services is { Count: 0 };

        public static Selection Of(LogOptions options) => new(options.Services?.ToFrozenSet());

        public bool Has(string service) => Services?.Contains(service) != false;
    }
}
