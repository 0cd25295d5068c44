using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Web;

/// <summary>A client of WebSockets that may send whatever it likes.</summary>
internal sealed class RawSocket : IDisposable
{
    public const int Continuation = 0;
    public const int Text = 1;
    public const int Binary = 2;
    public const int Close = 8;
    public const int Ping = 9;
    public const int Pong = 10;

    private readonly TcpClient _client = new() { NoDelay = true };
    private readonly NetworkStream _stream;

    private RawSocket(Uri url)
    {
        _client.ReceiveBufferSize = 4096;
        _client.Connect(url.Host, url.Port);
        _stream = _client.GetStream();
    }

    /// <summary>Connects, and says nothing.</summary>
    public static RawSocket Connect(string url) => new(new Uri(url));

    /// <summary>Connects and is let in.</summary>
    public static async Task<RawSocket> OpenAsync(string url, string path, params (string Name, string Value)[] headers)
    {
        var socket = Connect(url);
        var others = string.Concat(headers.Select(header => $"{header.Name}: {header.Value}\r\n"));
        await socket.SendTextAsync(
            $"GET {path} HTTP/1.1\r\nHost: {new Uri(url).Authority}\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            + $"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{others}\r\n");
        Assert.StartsWith("HTTP/1.1 101 ", await socket.ReadHeadAsync(), StringComparison.Ordinal);
        return socket;
    }

    public Task SendTextAsync(string text) => SendAsync(Encoding.ASCII.GetBytes(text));

    public async Task SendAsync(byte[] bytes) => await _stream.WriteAsync(bytes).AsTask().Within();

    /// <summary>Sends a frame.</summary>
    public Task SendAsync(int opcode, ReadOnlySpan<byte> payload, bool isFinal = true, int reserved = 0, bool isMasked = true, long? length = null)
    {
        var frame = new List<byte> { (byte)((isFinal ? 0x80 : 0) | (reserved << 4) | opcode) };
        var size = length ?? payload.Length;
        var mask = isMasked ? 0x80 : 0;
        var number = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(number, size);
        frame.Add((byte)(mask | (size < 126 ? (int)size : size < 65536 ? 126 : 127)));
        frame.AddRange(size < 126 ? [] : size < 65536 ? number[6..] : number);
        byte[] key = isMasked ? [1, 2, 3, 4] : [0, 0, 0, 0];
        frame.AddRange(isMasked ? key : []);
        for (var i = 0; i < payload.Length; i++)
        {
            frame.Add((byte)(payload[i] ^ key[i % 4]));
        }

        return SendAsync([.. frame]);
    }

    /// <summary>The next frame; null when the server has closed the connection.</summary>
    public async Task<(int Opcode, byte[] Payload)?> ReadAsync()
    {
        try
        {
            var head = await ReadBytesAsync(2);
            var length = head[1] switch
            {
                126 => BinaryPrimitives.ReadUInt16BigEndian(await ReadBytesAsync(2)),
                127 => checked((int)BinaryPrimitives.ReadUInt64BigEndian(await ReadBytesAsync(8))),
                var small => small,
            };
            return (head[0] & 0x0f, await ReadBytesAsync(length));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The code with which the server closes, after whatever else it sends; null if it breaks the connection, 0 if it says none.</summary>
    public async Task<int?> ReadCloseAsync()
    {
        while (await ReadAsync() is var (opcode, payload))
        {
            if (opcode == Close)
            {
                return payload.Length == 0 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(payload);
            }
        }

        return null;
    }

    /// <summary>All until an empty line, or the end.</summary>
    public async Task<string> ReadHeadAsync()
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await _stream.ReadAsync(one).AsTask().Within() > 0)
        {
            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    public void Dispose()
    {
        _stream.Dispose();
        _client.Dispose();
    }

    private async Task<byte[]> ReadBytesAsync(int count)
    {
        var bytes = new byte[count];
        await _stream.ReadExactlyAsync(bytes).AsTask().Within();
        return bytes;
    }
}
