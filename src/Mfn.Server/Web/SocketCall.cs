using System.Buffers;
using System.IO.Pipelines;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Http.Features;
using RichStatus = Google.Rpc.Status;

namespace Mfn.Server.Web;

/// <summary>A call whose messages go out over a WebSocket, one a message: in binary as gRPC has them, or as JSON.</summary>
internal sealed class SocketCall : WebCall, IHttpRequestLifetimeFeature, IDisposable
{
    // What an idle watcher keeps.
    private const int MostKept = 16 * 1024;

    private readonly ClientSocket _socket;
    private readonly bool _isBinary;
    private readonly CancellationTokenSource _aborting;
    private readonly GrpcFrames _frames;
    private ArrayBufferWriter<byte> _json = new();
    private RichStatus? _refusal;

    /// <summary>A call.</summary>
    /// <param name="context">The call's own.</param>
    /// <param name="rule">What is called.</param>
    /// <param name="pathValues">What the path has for its fields.</param>
    /// <param name="services">What all calls share.</param>
    /// <param name="socket">Where its messages go.</param>
    /// <param name="isBinary">Whether they go as they are.</param>
    public SocketCall(HttpContext context, HttpRule rule, IReadOnlyList<string> pathValues, RestServices services, ClientSocket socket, bool isBinary)
        : base(context, rule, pathValues, services)
    {
        _socket = socket;
        _isBinary = isBinary;
        _frames = new GrpcFrames(SendAsync);
        _aborting = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, socket.Gone);
        RequestAborted = _aborting.Token;
        context.Features.Set<IHttpRequestLifetimeFeature>(this);
    }

    /// <summary>The client has gone, or the call is given up.</summary>
    public CancellationToken RequestAborted { get; set; }

    public override PipeWriter Writer => _frames;

    /// <summary>Gives the call up. The client may still be there, and is told so then.</summary>
    public void Abort() => _aborting.Cancel();

    public void Dispose() => _aborting.Dispose();

    /// <summary>Makes the call; returns how it has ended.</summary>
    public async Task<RichStatus> RunAsync(CallPipeline calls)
    {
        await TryCallAsync(calls);
        return _refusal ?? TakeStatus();
    }

    protected override Task RefuseAsync(int httpStatus, RichStatus status)
    {
        _refusal = status;
        return Task.CompletedTask;
    }

    private async ValueTask<FlushResult> SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> messages, CancellationToken cancellationToken)
    {
        var token = cancellationToken.CanBeCanceled ? cancellationToken : RequestAborted;
        if (messages.Count > 0)
        {
            SocketContext.Start(Context);
        }

        foreach (var message in messages)
        {
            await (_isBinary ? _socket.SendAsync(message, WebSocketMessageType.Binary, token) : _socket.SendAsync(ToJson(message), WebSocketMessageType.Text, token));
        }

        return default;
    }

    private ReadOnlyMemory<byte> ToJson(ReadOnlyMemory<byte> message)
    {
        if (_json.Capacity > MostKept)
        {
            _json = new ArrayBufferWriter<byte>();
        }
        else
        {
            _json.ResetWrittenCount();
        }

        JsonText.Write(Rule.Method.OutputType.Parser.ParseFrom(message.Span), _json);
        return _json.WrittenMemory;
    }
}
