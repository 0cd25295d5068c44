using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Mfn.Server.Tests.Transport;

/// <summary>HTTP/2 over TCP by hand, for what no library of ours sends: another scheme than the transport's, or frames that are wrong.</summary>
internal sealed class RawHttp2 : IDisposable
{
    public const byte Data = 0;
    public const byte Headers = 1;
    public const byte ResetStream = 3;
    public const byte Settings = 4;
    public const byte GoAway = 7;

    public const byte EndStream = 1;
    public const byte EndHeaders = 4;

    private const int FrameHeaderLength = 9;
    private const int SettingLength = 6;
    private const ushort MaxConcurrentStreams = 3;

    private readonly TcpClient _client = new();

    private RawHttp2()
    {
    }

    /// <summary>A frame as it was received.</summary>
    public sealed record Frame(byte Kind, byte Flags, int StreamId, byte[] Payload);

    /// <summary>Connects, and begins as HTTP/2 does.</summary>
    public static async Task<RawHttp2> ConnectAsync(Uri server)
    {
        var connection = await ConnectSilentlyAsync(server);
        await connection.SendAsync(Encoding.ASCII.GetBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
        await connection.SendAsync(Settings, flags: 0, streamId: 0, []);
        return connection;
    }

    /// <summary>Connects, and says nothing.</summary>
    public static async Task<RawHttp2> ConnectSilentlyAsync(Uri server)
    {
        var connection = new RawHttp2();
        await connection._client.ConnectAsync(server.Host, server.Port);
        return connection;
    }

    /// <summary>Begins a gRPC call, with an empty message.</summary>
    public async Task CallAsync(int streamId, string path, string scheme)
    {
        await SendAsync(Headers, EndHeaders, streamId, RequestHeaders(path, scheme));
        await SendAsync(Data, EndStream, streamId, new byte[5]);
    }

    public async Task SendAsync(byte kind, byte flags, int streamId, byte[] payload)
    {
        var frame = new byte[FrameHeaderLength + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        (frame[3], frame[4]) = (kind, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), streamId);
        payload.CopyTo(frame, FrameHeaderLength);
        await SendAsync(frame);
    }

    public async Task SendAsync(byte[] bytes) => await _client.GetStream().WriteAsync(bytes);

    /// <summary>The next frame of a kind; others are passed over.</summary>
    /// <exception cref="EndOfStreamException">The connection was closed before one.</exception>
    public async Task<Frame> ReadAsync(params byte[] kinds)
    {
        while (true)
        {
            var header = new byte[FrameHeaderLength];
            await _client.GetStream().ReadExactlyAsync(header);
            var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(header) >>> 8];
            await _client.GetStream().ReadExactlyAsync(payload);
            if (kinds.Contains(header[3]))
            {
                return new Frame(header[3], header[4], BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(5)), payload);
            }
        }
    }

    /// <summary>How many streams the server says that it takes.</summary>
    public async Task<int> ReadAnnouncedStreamsAsync()
    {
        var settings = (await ReadAsync(Settings)).Payload;
        for (var i = 0; i < settings.Length; i += SettingLength)
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(settings.AsSpan(i)) == MaxConcurrentStreams)
            {
                return BinaryPrimitives.ReadInt32BigEndian(settings.AsSpan(i + 2));
            }
        }

        throw new InvalidDataException("The server does not say how many streams it takes.");
    }

    /// <summary>Reads until the server closes the connection.</summary>
    public async Task ReadToEndAsync() => await _client.GetStream().CopyToAsync(Stream.Null);

    public void Dispose() => _client.Dispose();

    /// <summary>Headers as HPACK has them without a dynamic table and without Huffman's code.</summary>
    private static byte[] RequestHeaders(string path, string scheme)
    {
        const byte MethodPost = 0x83;
        const byte NamePath = 4;
        const byte NameScheme = 6;
        const byte NameAuthority = 1;
        List<byte> bytes = [MethodPost];
        Add([NameScheme], scheme);
        Add([NamePath], path);
        Add([NameAuthority], "localhost");
        Add([0x0F, 0x10], "application/grpc");
        Add([0, 2, (byte)'t', (byte)'e'], "trailers");
        return [.. bytes];

        void Add(byte[] name, string value)
        {
            bytes.AddRange(name);
            bytes.Add((byte)value.Length);
            bytes.AddRange(Encoding.ASCII.GetBytes(value));
        }
    }
}
