using System.Buffers;
using System.Net.WebSockets;
using System.Text;
using Grpc.Core;
using Mfn.Server.Calls;
using Mfn.Server.Texts;
using RichStatus = Google.Rpc.Status;

namespace Mfn.Server.Web;

/// <summary>A WebSocket that brings the messages of a method; its fields are in the path and in the query, as of GET.</summary>
internal sealed class WatchSocket(HttpContext handshake, HttpRule rule, IReadOnlyList<string> pathValues, SocketServices services)
{
    /// <summary>Messages as gRPC has them.</summary>
    public const string Binary = "mfn.v1.protobuf";

    /// <summary>Messages as JSON; so they are too for a client that does not say.</summary>
    public const string Json = "mfn.v1.json";

    // What an idle watcher keeps.
    private const int MostKept = 16 * 1024;

    private readonly TaskCompletionSource<SocketCredential> _opening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ForeignPage? _page = handshake.Features.Get<ForeignPage>();
    private readonly bool _hasCredential = SocketCredential.IsIn(handshake.Request.Headers);
    private ArrayBufferWriter<byte> _json = new();
    private SocketRefusedException? _refused;

    /// <summary>Serves it to its end.</summary>
    public async Task ServeAsync()
    {
        var offered = SocketHandshake.Subprotocols(handshake);
        var subprotocol = offered.FirstOrDefault(protocol => protocol is Binary or Json);
        if (subprotocol is null && offered.Count > 0)
        {
            await RestAnswer.RefuseAsync(
                handshake, StatusCodes.Status400BadRequest, CallRefusedException.Unreadable($"Sec-WebSocket-Protocol must have {Json} or {Binary}; without it, it is {Json}."));
            return;
        }

        using var socket = await ClientSocket.AcceptAsync(handshake, subprotocol, services.Streaming.CurrentValue);
        var receiving = ReceiveAsync(socket);
        var status = await CallAsync(socket, isBinary: subprotocol == Binary);
        var (code, end) = _refused is { } refused ? (refused.Code, refused.Refusal.ToStatus())
            : status.Code == (int)StatusCode.Unavailable && services.Lifetime.Draining.IsCancellationRequested ? (CloseCode.Stopping, status)
            : (CloseCode.Of((StatusCode)status.Code), status);
        if (code == WebSocketCloseStatus.NormalClosure)
        {
            await socket.CloseAsync(code, "The stream has ended.", last: null, receiving);
        }
        else
        {
            await socket.CloseAsync(code, $"{CallStatus.NameOf((StatusCode)end.Code)}: {end.Message}", ErrorOf(end), receiving);
        }
    }

    private static ReadOnlyMemory<byte> ErrorOf(RichStatus status)
    {
        // No message has a member of this name.
        var text = new ArrayBufferWriter<byte>();
        Encoding.UTF8.GetBytes("{\"error\": ", text);
        JsonText.Write(status, text);
        Encoding.UTF8.GetBytes("}", text);
        return text.WrittenMemory;
    }

    private async Task<RichStatus> CallAsync(ClientSocket socket, bool isBinary)
    {
        try
        {
            var credential = await OpenAsync(socket);
            var context = SocketContext.Make(handshake, credential, handshake.Request.QueryString);
            using var call = new SocketCall(context, rule, pathValues, services.Rest, request: null, SendAsync, socket.Gone);
            return await call.RunAsync(services.Rest.Calls);
        }
        catch (CallRefusedException refused)
        {
            return refused.ToStatus();
        }

        ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> messages, CancellationToken cancellationToken) => isBinary
            ? socket.SendAsync(messages, WebSocketMessageType.Binary, cancellationToken)
            : SendJsonAsync(socket, messages, cancellationToken);
    }

    private async ValueTask SendJsonAsync(ClientSocket socket, IReadOnlyList<ReadOnlyMemory<byte>> messages, CancellationToken cancellationToken)
    {
        foreach (var message in messages)
        {
            if (_json.Capacity > MostKept)
            {
                _json = new ArrayBufferWriter<byte>();
            }
            else
            {
                _json.ResetWrittenCount();
            }

            JsonText.Write(rule.Method.OutputType.Parser.ParseFrom(message.Span), _json);
            await socket.SendAsync(_json.WrittenMemory, WebSocketMessageType.Text, cancellationToken);
        }
    }

    /// <summary>Who calls: the first message says so, unless the handshake does, or nobody asks.</summary>
    /// <exception cref="CallRefusedException">It has not come, or does not suffice.</exception>
    private async Task<SocketCredential> OpenAsync(ClientSocket socket)
    {
        var showsCertificate = _page is { HasCertificate: true };
        if (_hasCredential || (!services.Access.HasAuthentication && !showsCertificate))
        {
            return SocketCredential.None;
        }

        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(socket.Gone, services.Lifetime.Draining);
        try
        {
            var credential = await _opening.Task.WaitAsync(SocketCredential.Time, services.Clock, leaving.Token);
            return showsCertificate && credential.Header is null ? throw CallRefusedException.OriginRefused(BrowserGuard.CertificateAlone(CallersText.Quote(_page!.Origin))) : credential;
        }
        catch (TimeoutException)
        {
            throw SocketCredential.Missing($"The first message, {SocketCredential.Form},");
        }
        catch (OperationCanceledException)
        {
            throw socket.Gone.IsCancellationRequested ? CallRefusedException.Gone() : CallRefusedException.Stopping();
        }
    }

    /// <summary>Takes the first message. Nothing is expected after it, until the client closes.</summary>
    private async Task ReceiveAsync(ClientSocket socket)
    {
        try
        {
            if (!_hasCredential)
            {
                if (await socket.ReceiveAsync(SocketCredential.MaxBytes) is not { } first)
                {
                    return;
                }

                _opening.SetResult(Read(first));
            }

            if (await socket.ReceiveAsync(0) is not null)
            {
                throw new SocketRefusedException(CloseCode.Unexpected, CallRefusedException.Unreadable("Nothing is expected here but pings, pongs and the closing of the socket."));
            }
        }
        catch (SocketRefusedException refused)
        {
            _refused = refused;
            await socket.DrainAsync();
        }
    }

    private static SocketCredential Read(ReadOnlyMemory<byte> message)
    {
        try
        {
            return SocketCredential.Read(message);
        }
        catch (CallRefusedException refused)
        {
            throw new SocketRefusedException(CloseCode.Of(refused.StatusCode), refused);
        }
    }
}
