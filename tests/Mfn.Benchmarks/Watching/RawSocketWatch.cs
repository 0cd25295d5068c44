using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mfn.Benchmarks.Watching;

/// <summary>A watch over a WebSocket, with no more of the protocol than that takes.</summary>
internal sealed class RawSocketWatch : IRawWatch
{
    private const int LeastFieldSize = 1024;
    private const int Text = 1, Close = 8, Ping = 9;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer;
    private int _start;
    private int _end;

    private RawSocketWatch(int bufferSize) => _buffer = new byte[bufferSize];

    public long ByteCount { get; private set; }

    public long MessageCount { get; private set; }

    public long FieldCount { get; private set; }

    public Action<ReadOnlyMemory<byte>>? OnMessage { get; set; }

    /// <summary>Opens the connection and the socket.</summary>
    /// <param name="address">Where the server listens, without TLS.</param>
    /// <param name="path">The path and the query.</param>
    /// <param name="subprotocol">What the messages are.</param>
    /// <param name="bufferSize">Bytes to read at once; a message must fit.</param>
    public static async Task<IRawWatch> OpenAsync(IPEndPoint address, string path, string subprotocol, int bufferSize)
    {
        var watch = new RawSocketWatch(bufferSize);
        try
        {
            await watch._socket.ConnectAsync(address);
            await watch._socket.SendAsync(Encoding.ASCII.GetBytes(
                $"GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + $"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: {subprotocol}\r\n\r\n"));
            await watch.ReadHeadAsync();
            return watch;
        }
        catch
        {
            watch.Dispose();
            throw;
        }
    }

    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        if (!await ReceiveAsync(cancellationToken))
        {
            return false;
        }

        while (TryReadFrame(out var opcode, out var payload))
        {
            switch (opcode)
            {
                case Close:
                    throw new IOException($"The server closed: {Encoding.UTF8.GetString(payload.Span[2..])}");
                case Ping:
                    await _socket.SendAsync(Pong(payload.Span), cancellationToken);
                    break;
                default:
                    MessageCount++;
                    FieldCount += payload.Length >= LeastFieldSize && opcode != Text ? 1 : 0;
                    OnMessage?.Invoke(payload);
                    break;
            }
        }

        return true;
    }

    public void Dispose() => _socket.Dispose();

    // With a mask that changes nothing.
    private static byte[] Pong(ReadOnlySpan<byte> payload) => [0x8a, (byte)(0x80 | payload.Length), 0, 0, 0, 0, .. payload];

    private async Task ReadHeadAsync()
    {
        var end = -1;
        while (end < 0)
        {
            if (!await ReceiveAsync(CancellationToken.None))
            {
                throw new IOException("The server has ended the handshake.");
            }

            end = _buffer.AsSpan(0, _end).IndexOf("\r\n\r\n"u8);
        }

        if (!_buffer.AsSpan().StartsWith("HTTP/1.1 101 "u8))
        {
            throw new IOException(Encoding.ASCII.GetString(_buffer, 0, _end));
        }

        _start = end + 4;
    }

    private async ValueTask<bool> ReceiveAsync(CancellationToken cancellationToken)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start.._end).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        var count = await _socket.ReceiveAsync(_buffer.AsMemory(_end), cancellationToken);
        _end += count;
        return count > 0;
    }

    private bool TryReadFrame(out int opcode, out ReadOnlyMemory<byte> payload)
    {
        (opcode, payload) = (0, default);
        var found = _buffer.AsSpan(_start.._end);
        if (found.Length < 2)
        {
            return false;
        }

        var headSize = found[1] switch { 127 => 10, 126 => 4, _ => 2 };
        if (found.Length < headSize)
        {
            return false;
        }

        var length = headSize switch { 10 => (int)BinaryPrimitives.ReadInt64BigEndian(found[2..]), 4 => BinaryPrimitives.ReadUInt16BigEndian(found[2..]), _ => found[1] };
        if (found.Length < headSize + length)
        {
            return false;
        }

        opcode = found[0] & 0x0f;
        payload = _buffer.AsMemory(_start + headSize, length);
        _start += headSize + length;
        ByteCount += headSize + length;
        return true;
    }
}
