using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;

namespace Mfn.Benchmarks.Watching;

/// <summary>
/// One server-streaming call on a connection of its own, with no more HTTP/2 than that takes: a client so cheap that many of them leave most of
/// the machine to the server.
/// </summary>
internal sealed class RawWatch : IRawWatch
{
    /// <summary>Bytes that the server may send ahead when nothing is to hold it up.</summary>
    public const int WideWindow = int.MaxValue;

    private const int DefaultWindow = 65_535;
    private const int FrameHeadSize = 9;
    private const int MessageHeadSize = 5;
    private const int LeastFieldSize = 1024;
    private const byte Data = 0, Headers = 1, ResetStream = 3, Settings = 4, Ping = 6, GoAway = 7, WindowUpdate = 8;
    private const byte EndStream = 1, Ack = 1, EndHeaders = 4;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly int _window;
    private readonly byte[] _buffer;
    private readonly MemoryStream _message = new();
    private readonly byte[] _messageHead = new byte[MessageHeadSize];
    private int _start;
    private int _end;
    private int _messageHeadCount;
    private int _messageSize;
    private int _messageRest;
    private int _unacknowledged;

    private RawWatch(int window, int bufferSize)
    {
        _window = window;
        _buffer = new byte[bufferSize];
    }

    /// <summary>Bytes of messages received, with their gRPC heads.</summary>
    public long ByteCount { get; private set; }

    /// <summary>Messages received whole, of any kind.</summary>
    public long MessageCount { get; private set; }

    /// <summary>Messages received whole that are so large that they bring a field.</summary>
    public long FieldCount { get; private set; }

    /// <summary>Gets each message, valid during the call; messages are not put together without it.</summary>
    public Action<ReadOnlyMemory<byte>>? OnMessage { get; set; }

    /// <summary>Opens the connection and the call.</summary>
    /// <param name="address">Where the server listens, without TLS.</param>
    /// <param name="path">The method, as in /package.Service/Method.</param>
    /// <param name="request">Its request.</param>
    /// <param name="window">Bytes that the server may send before they are read.</param>
    /// <param name="bufferSize">Bytes to read at once; at least 16 KiB and a little.</param>
    public static async Task<RawWatch> OpenAsync(IPEndPoint address, string path, IMessage request, int window = WideWindow, int bufferSize = 64 * 1024)
    {
        var watch = new RawWatch(window, bufferSize);
        try
        {
            if (window < WideWindow)
            {
                watch._socket.ReceiveBufferSize = window;
            }

            await watch._socket.ConnectAsync(address);
            await watch._socket.SendAsync(Opening(path, request, window));
            return watch;
        }
        catch
        {
            watch.Dispose();
            throw;
        }
    }

    /// <summary>Reads what there is, at most the buffer's size; false at the end of the call.</summary>
    /// <exception cref="IOException">The call ended with another status than OK.</exception>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start.._end).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        var count = await _socket.ReceiveAsync(_buffer.AsMemory(_end), cancellationToken);
        if (count == 0)
        {
            return false;
        }

        _end += count;
        while (TryReadFrame(out var kind, out var flags, out var payload))
        {
            switch (kind)
            {
                case Data:
                    Take(payload);
                    _unacknowledged += payload.Length;
                    break;
                case Headers when (flags & EndStream) != 0:
                    RequireOk(payload.Span);
                    return false;
                case Settings when (flags & Ack) == 0:
                    await _socket.SendAsync(Frame(Settings, Ack, 0, []), cancellationToken);
                    break;
                case Ping when (flags & Ack) == 0:
                    await _socket.SendAsync(Frame(Ping, Ack, 0, payload.Span), cancellationToken);
                    break;
                case ResetStream or GoAway:
                    throw new IOException($"The server sent frame {kind}: {Convert.ToHexString(payload.Span)}.");
            }
        }

        if (_unacknowledged > _window / 2)
        {
            await _socket.SendAsync(WindowUpdates(_unacknowledged), cancellationToken);
            _unacknowledged = 0;
        }

        return true;
    }

    public void Dispose() => _socket.Dispose();

    private static byte[] Opening(string path, IMessage request, int window)
    {
        var message = request.ToByteArray();
        var messageHead = new byte[MessageHeadSize];
        BinaryPrimitives.WriteInt32BigEndian(messageHead.AsSpan(1), message.Length);
        var initialWindow = new byte[6];
        initialWindow[1] = 4;
        BinaryPrimitives.WriteInt32BigEndian(initialWindow.AsSpan(2), window);
        byte[] headers =
        [
            .. Literal(":method", "POST"), .. Literal(":scheme", "http"), .. Literal(":path", path), .. Literal(":authority", "localhost"),
            .. Literal("content-type", "application/grpc"), .. Literal("te", "trailers"),
        ];
        return
        [
            .. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8,
            .. Frame(Settings, 0, 0, initialWindow),
            .. window > DefaultWindow ? Frame(WindowUpdate, 0, 0, Number(window - DefaultWindow)) : [],
            .. Frame(Headers, EndHeaders, 1, headers),
            .. Frame(Data, EndStream, 1, [.. messageHead, .. message]),
        ];
    }

    private static byte[] WindowUpdates(int count) => [.. Frame(WindowUpdate, 0, 0, Number(count)), .. Frame(WindowUpdate, 0, 1, Number(count))];

    /// <summary>A header without indexing or compression.</summary>
    private static byte[] Literal(string name, string value) => [0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), (byte)value.Length, .. Encoding.ASCII.GetBytes(value)];

    private static byte[] Number(int number)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }

    private static byte[] Frame(byte kind, byte flags, int stream, ReadOnlySpan<byte> payload) =>
        [.. Number(payload.Length)[1..], kind, flags, .. Number(stream), .. payload];

    private static void RequireOk(ReadOnlySpan<byte> headers)
    {
        // Kestrel sends texts as they are.
        var text = Encoding.ASCII.GetString(headers);
        if (text.Contains("grpc-message", StringComparison.Ordinal))
        {
            throw new IOException($"The call failed: {new string([.. text.Where(character => !char.IsControl(character))])}");
        }
    }

    private bool TryReadFrame(out byte kind, out byte flags, out ReadOnlyMemory<byte> payload)
    {
        (kind, flags, payload) = (0, 0, default);
        var found = _buffer.AsMemory(_start.._end);
        if (found.Length < FrameHeadSize)
        {
            return false;
        }

        var head = found.Span;
        var length = (head[0] << 16) | (head[1] << 8) | head[2];
        if (found.Length < FrameHeadSize + length)
        {
            return false;
        }

        (kind, flags, payload) = (head[3], head[4], found.Slice(FrameHeadSize, length));
        _start += FrameHeadSize + length;
        return true;
    }

    private void Take(ReadOnlyMemory<byte> data)
    {
        ByteCount += data.Length;
        while (data.Length > 0)
        {
            if (_messageHeadCount < MessageHeadSize)
            {
                var count = Math.Min(MessageHeadSize - _messageHeadCount, data.Length);
                data.Span[..count].CopyTo(_messageHead.AsSpan(_messageHeadCount));
                _messageHeadCount += count;
                data = data[count..];
                if (_messageHeadCount < MessageHeadSize)
                {
                    return;
                }

                _messageSize = _messageRest = BinaryPrimitives.ReadInt32BigEndian(_messageHead.AsSpan(1));
            }

            var part = data[..Math.Min(_messageRest, data.Length)];
            data = data[part.Length..];
            _messageRest -= part.Length;
            if (OnMessage is not null)
            {
                _message.Write(part.Span);
            }

            if (_messageRest == 0)
            {
                EndMessage();
            }
        }
    }

    private void EndMessage()
    {
        _messageHeadCount = 0;
        MessageCount++;
        FieldCount += _messageSize >= LeastFieldSize ? 1 : 0;
        OnMessage?.Invoke(_message.GetBuffer().AsMemory(0, (int)_message.Length));
        _message.SetLength(0);
    }
}
