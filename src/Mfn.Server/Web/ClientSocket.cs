using System.Buffers;
using System.Buffers.Binary;
using System.Net.WebSockets;
using System.Text;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Mfn.Server.Web;

/// <summary>One open WebSocket. Messages are received by one at a time, and may be sent meanwhile by one at a time.</summary>
internal sealed class ClientSocket : IDisposable
{
    // What a client needs at most to take what is said last, and to say goodbye.
    private static readonly TimeSpan LastWriteTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ClosingTime = TimeSpan.FromSeconds(2);

    // As often as Kestrel asks clients of HTTP/2, and no sooner given up than by it.
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LeastPongTime = TimeSpan.FromSeconds(20);

    private const int FinalBit = 0x80;
    private const int TextOpcode = 1;
    private const int BinaryOpcode = 2;
    private const int MaxHeadBytes = 10;

    // A length that does not fit into seven bits follows in 16 or 64.
    private const int Length16 = 126;
    private const int Length64 = 127;

    // The most bytes of a reason that a frame has room for.
    private const int MaxReasonBytes = 123;

    private readonly HttpContext _context;
    private readonly Stream _stream;
    private readonly WebSocket _socket;
    private readonly CancellationTokenSource _gone = new();

    private ClientSocket(HttpContext context, Stream stream, WebSocket socket)
    {
        _context = context;
        _stream = stream;
        _socket = socket;
    }

    /// <summary>Cancelled when the client has closed, its connection is broken, or it has sent what it must not.</summary>
    public CancellationToken Gone => _gone.Token;

    /// <summary>Accepts a handshake.</summary>
    /// <param name="context">The handshake.</param>
    /// <param name="subprotocol">What the client is told of it; null for nothing.</param>
    /// <param name="options">How long a client may take.</param>
    public static async Task<ClientSocket> AcceptAsync(HttpContext context, string? subprotocol, StreamingOptions options)
    {
        // A client may read slowly; the time-outs of writes tell the slow from the stuck.
        context.Features.Get<IHttpMinResponseDataRateFeature>()?.MinDataRate = null;
        context.Response.Headers[CorrelationId.Header] = CorrelationId.Of(context.Request.Headers);
        var stream = await SocketHandshake.AcceptAsync(context, subprotocol);
        var socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions
        {
            IsServer = true,
            KeepAliveInterval = PingInterval,

            // The answer to a ping comes after all that the client has still to read.
            KeepAliveTimeout = options.WriteTimeout > LeastPongTime ? options.WriteTimeout : LeastPongTime,
        });
        return new ClientSocket(context, stream, socket);
    }

    /// <summary>Receives a message; null if the client has closed, or has gone.</summary>
    /// <exception cref="SocketRefusedException">The message is not a text of so many bytes. Nothing more can be received.</exception>
    public async Task<ReadOnlyMemory<byte>?> ReceiveAsync(int maxBytes)
    {
        try
        {
            // An idle client holds no buffer.
            var result = await _socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                await _gone.CancelAsync();
                return null;
            }

            if (result.MessageType != WebSocketMessageType.Text)
            {
                throw new SocketRefusedException(CloseCode.WrongKind, CallRefusedException.Unreadable("The message must be a text frame, but was a binary one."));
            }

            if (maxBytes == 0)
            {
                return ReadOnlyMemory<byte>.Empty;
            }

            var message = new ArrayBufferWriter<byte>();
            while (!result.EndOfMessage)
            {
                // The library fills what it is given.
                var room = message.GetMemory();
                result = await _socket.ReceiveAsync(room[..Math.Min(room.Length, maxBytes + 1 - message.WrittenCount)], CancellationToken.None);
                message.Advance(result.Count);
                if (message.WrittenCount > maxBytes)
                {
                    throw new SocketRefusedException(CloseCode.TooLarge, CallRefusedException.MessageTooLarge(maxBytes));
                }
            }

            return message.WrittenMemory;
        }
        catch (Exception error) when (error is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // It breaks the protocol, in which case it has been told so, or is no longer there.
            await _gone.CancelAsync();
            return null;
        }
    }

    /// <summary>Receives for nothing, until the client has closed or gone, after a message that has been refused.</summary>
    public async Task DrainAsync()
    {
        await _gone.CancelAsync();
        var unread = new byte[256];
        try
        {
            while ((await _socket.ReceiveAsync(unread.AsMemory(), CancellationToken.None)).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        catch (Exception error) when (error is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // It is no longer there.
        }
    }

    /// <summary>Sends a message.</summary>
    /// <param name="message">May be reused when it is sent, or the wait is given up.</param>
    /// <param name="type">Its kind.</param>
    /// <param name="cancellationToken">Gives up the wait: the socket may still be closed in order.</param>
    public ValueTask SendAsync(ReadOnlyMemory<byte> message, WebSocketMessageType type, CancellationToken cancellationToken) => SendAsync([message], type, cancellationToken);

    /// <summary>Sends messages together.</summary>
    /// <remarks>
    /// The library would send, and wait for, each by itself. Kestrel keeps writes apart, and so these frames from those that the library sends: pings, pongs and the close.
    /// </remarks>
    /// <inheritdoc cref="SendAsync(ReadOnlyMemory{byte}, WebSocketMessageType, CancellationToken)"/>
    public async ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> messages, WebSocketMessageType type, CancellationToken cancellationToken)
    {
        var most = 0;
        foreach (var message in messages)
        {
            most += MaxHeadBytes + message.Length;
        }

        var frames = ArrayPool<byte>.Shared.Rent(most);
        var length = 0;
        foreach (var message in messages)
        {
            length += WriteHead(frames.AsSpan(length), message.Length, type);
            message.Span.CopyTo(frames.AsSpan(length));
            length += message.Length;
        }

        var sending = _stream.WriteAsync(frames.AsMemory(0, length), CancellationToken.None);
        if (!sending.IsCompletedSuccessfully)
        {
            // If the wait is given up, somebody may still read them: then they are left to the garbage collector.
            await sending.AsTask().WaitAsync(cancellationToken);
        }

        ArrayPool<byte>.Shared.Return(frames);
    }

    /// <summary>Says goodbye, and waits a moment for the client to do so too.</summary>
    /// <param name="code">Why.</param>
    /// <param name="reason">The same for people; what is too long is cut.</param>
    /// <param name="last">A text to send before; null for none.</param>
    /// <param name="receiving">Ends when nothing more is received.</param>
    public async Task CloseAsync(WebSocketCloseStatus code, string reason, ReadOnlyMemory<byte>? last, Task receiving)
    {
        try
        {
            // When the time is over, the socket is aborted: what the client does not take blocks what would follow.
            using var time = new CancellationTokenSource(LastWriteTime);
            if (last is { } text && _socket.State == WebSocketState.Open)
            {
                await SendAsync(text, WebSocketMessageType.Text, time.Token);
            }

            if (_socket.State == WebSocketState.Open)
            {
                await _socket.CloseOutputAsync(code, Cut(reason), time.Token);
            }
            else if (_socket.State == WebSocketState.CloseReceived)
            {
                // As it said goodbye.
                await _socket.CloseOutputAsync(_socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, null, time.Token);
            }

            await receiving.WaitAsync(ClosingTime);
            if (_socket.State == WebSocketState.Aborted)
            {
                await WaitForEndAsync();
            }
        }
        catch (Exception error) when (error is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException or TimeoutException or InvalidOperationException)
        {
            Abort();
        }
    }

    /// <summary>Breaks the connection.</summary>
    public void Abort()
    {
        _socket.Abort();
        _context.Abort();
    }

    public void Dispose()
    {
        _socket.Dispose();
        _stream.Dispose();
        _gone.Dispose();
    }

    /// <summary>A client that breaks the protocol has been told so. With something unread the connection would be reset, and that might not be.</summary>
    private async Task WaitForEndAsync()
    {
        using var time = new CancellationTokenSource(LastWriteTime);
        var unread = new byte[4096];
        while (await _stream.ReadAsync(unread, time.Token) > 0)
        {
        }
    }

    // Final, of one part, and without a mask, as a server's are.
    private static int WriteHead(Span<byte> to, int length, WebSocketMessageType type)
    {
        to[0] = (byte)(FinalBit | (type == WebSocketMessageType.Text ? TextOpcode : BinaryOpcode));
        switch (length)
        {
            case < Length16:
                to[1] = (byte)length;
                return 2;
            case <= ushort.MaxValue:
                to[1] = Length16;
                BinaryPrimitives.WriteUInt16BigEndian(to[2..], (ushort)length);
                return 4;
            default:
                to[1] = Length64;
                BinaryPrimitives.WriteInt64BigEndian(to[2..], length);
                return MaxHeadBytes;
        }
    }

    private static string Cut(string reason)
    {
        var bytes = new byte[MaxReasonBytes];
        Encoding.UTF8.GetEncoder().Convert(reason, bytes, flush: true, out var used, out _, out _);
        return reason[..used];
    }
}
