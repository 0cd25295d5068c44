using System.Buffers;
using System.IO.Pipelines;
using Google.Protobuf;
using Microsoft.AspNetCore.Http.Features;
using RichStatus = Google.Rpc.Status;

namespace Mfn.Server.Web;

/// <summary>A call whose messages go out over a WebSocket, in whatever form that has for them.</summary>
internal sealed class SocketCall : WebCall, IHttpRequestLifetimeFeature, IDisposable
{
    private readonly Func<IReadOnlyList<ReadOnlyMemory<byte>>, CancellationToken, ValueTask> _sendAsync;
    private readonly IMessage? _request;
    private readonly CancellationTokenSource _aborting;
    private readonly GrpcFrames _frames;
    private RichStatus? _refusal;

    /// <summary>A call.</summary>
    /// <param name="context">The call's own.</param>
    /// <param name="rule">What is called.</param>
    /// <param name="pathValues">What the path has for its fields.</param>
    /// <param name="services">What all calls share.</param>
    /// <param name="request">What is asked for; null if path and query say so.</param>
    /// <param name="sendAsync">Sends messages, which may be reused afterwards.</param>
    /// <param name="ended">Cancelled when nobody wants it any more.</param>
    public SocketCall(
        HttpContext context,
        HttpRule rule,
        IReadOnlyList<string> pathValues,
        RestServices services,
        IMessage? request,
        Func<IReadOnlyList<ReadOnlyMemory<byte>>, CancellationToken, ValueTask> sendAsync,
        CancellationToken ended)
        : base(context, rule, pathValues, services)
    {
        _request = request;
        _sendAsync = sendAsync;
        _frames = new GrpcFrames(SendAsync);
        _aborting = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, ended);
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

    protected override IMessage ReadMessage(ReadOnlySequence<byte> body) => _request ?? base.ReadMessage(body);

    protected override Task RefuseAsync(int httpStatus, RichStatus status)
    {
        _refusal = status;
        return Task.CompletedTask;
    }

    private async ValueTask<FlushResult> SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> messages, CancellationToken cancellationToken)
    {
        if (messages.Count > 0)
        {
            SocketContext.Start(Context);
            await _sendAsync(messages, cancellationToken.CanBeCanceled ? cancellationToken : RequestAborted);
        }

        return default;
    }
}
