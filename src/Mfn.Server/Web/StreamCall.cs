using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using RichStatus = Google.Rpc.Status;

namespace Mfn.Server.Web;

/// <summary>A call that brings several messages: as lines of JSON, server-sent events, or the bytes that they bring. They go out as they come.</summary>
internal sealed class StreamCall : WebCall, IHttpRequestLifetimeFeature
{
    // What a client that reads needs at most to take what is on its way to it.
    private static readonly TimeSpan LastWriteTime = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _aborting;
    private readonly string _contentType;
    private readonly GrpcFrames _frames;

    public StreamCall(HttpContext context, HttpRule rule, IReadOnlyList<string> pathValues, RestServices services, string contentType)
        : base(context, rule, pathValues, services)
    {
        _contentType = contentType;
        _frames = new GrpcFrames(WriteAsync);
        _aborting = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        RequestAborted = _aborting.Token;
    }

    /// <summary>The client has gone, or the call is given up.</summary>
    public CancellationToken RequestAborted { get; set; }

    public override PipeWriter Writer => _frames;

    /// <summary>Gives the call up. The client may still be there, and is told so then: without HTTP/2 the connection is all that could be reset.</summary>
    public void Abort() => _aborting.Cancel();

    /// <summary>Serves the request.</summary>
    public async Task ServeAsync(CallPipeline calls)
    {
        // A watcher may read slowly; the time-outs of writes tell the slow from the stuck.
        Context.Features.Get<IHttpMinResponseDataRateFeature>()?.MinDataRate = null;
        var lifetime = Context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>();
        Context.Features.Set<IHttpRequestLifetimeFeature>(this);
        try
        {
            if (!await TryCallAsync(calls))
            {
                return;
            }
        }
        finally
        {
            Context.Features.Set(lifetime);
            _aborting.Dispose();
        }

        await EndAsync();
    }

    private async Task EndAsync()
    {
        var status = TakeStatus();
        if (Context.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        if (!Context.Response.HasStarted && status.Code != (int)StatusCode.OK)
        {
            await RefuseAsync(status);
            return;
        }

        await EndAsync(status);
    }

    private async ValueTask<FlushResult> WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> messages, CancellationToken cancellationToken)
    {
        // A call that is refused has nothing to flush.
        if (messages.Count == 0 && Context.Response.Headers.ContainsKey("grpc-status"))
        {
            return default;
        }

        Begin();
        foreach (var message in messages)
        {
            Write(message);
        }

        return await Response.Writer.FlushAsync(cancellationToken.CanBeCanceled ? cancellationToken : RequestAborted);
    }

    private void Begin()
    {
        if (Context.Response.HasStarted)
        {
            return;
        }

        TakeGrpcHeaders();
        RateHeaders.Tell(Context);
        var response = Context.Response;
        response.ContentType = _contentType;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";

        // nginx keeps streams back until it has a page of them.
        response.Headers["X-Accel-Buffering"] = "no";
    }

    private void Write(ReadOnlyMemory<byte> bytes)
    {
        var message = Rule.Method.OutputType.Parser.ParseFrom(bytes.Span);
        var to = Response.Writer;
        switch (_contentType)
        {
            case ContentTypes.Bytes:
                to.Write(((ByteString)Rule.Chunk!.Accessor.GetValue(message)).Span);
                break;
            case ContentTypes.Events:
                if (Rule.Token?.Accessor.GetValue(message) is ByteString token)
                {
                    WriteText($"id: {token.ToBase64()}\n");
                }

                WriteText("data: ");
                JsonText.Write(message, to);
                WriteText("\n\n");
                break;
            default:
                WriteText("{\"result\": ");
                JsonText.Write(message, to);
                WriteText("}\n");
                break;
        }
    }

    /// <summary>Says how the stream ended, in a way that no message does.</summary>
    private async Task EndAsync(RichStatus status)
    {
        Begin();
        var isOk = status.Code == (int)StatusCode.OK;
        switch (_contentType)
        {
            case ContentTypes.Bytes when !isOk:
                // There is nothing else that bytes could not be taken for.
                Context.Abort();
                return;
            case ContentTypes.Bytes:
                break;
            case ContentTypes.Events:
                WriteText(isOk ? "event: end\ndata: " : "event: error\ndata: ");
                JsonText.Write(status, Response.Writer);
                WriteText("\n\n");
                break;
            default:
                WriteText(isOk ? "{\"end\": " : "{\"error\": ");
                JsonText.Write(status, Response.Writer);
                WriteText("}\n");
                break;
        }

        try
        {
            await Response.Writer.FlushAsync(Context.RequestAborted).AsTask().WaitAsync(LastWriteTime);
        }
        catch (TimeoutException)
        {
            Context.Abort();
        }
    }

    private void WriteText(string text) => Encoding.UTF8.GetBytes(text, Response.Writer);
}
