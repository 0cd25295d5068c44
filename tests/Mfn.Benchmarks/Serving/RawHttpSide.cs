using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mfn.Benchmarks.Serving;

/// <summary>Connections that each send one request again and again, and read as many bytes as its answer has: a client that takes next to nothing itself.</summary>
internal sealed class RawHttpSide : IRateSide
{
    private const int CallsOfAConnection = 250;
    private const int Connections = 8;
    private const int BufferBytes = 4096;

    private static readonly TimeSpan MostStartTime = TimeSpan.FromSeconds(20);

    private readonly byte[] _request;
    private readonly Socket[] _sockets;

    private RawHttpSide(string name, int serverProcess, byte[] request, Socket[] sockets) =>
        (Name, ServerProcess, _request, _sockets) = (name, serverProcess, request, sockets);

    public string Name { get; }

    public int ServerProcess { get; }

    public int CallCount => CallsOfAConnection * Connections;

    /// <summary>Connects, when the server listens.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="url">The server.</param>
    /// <param name="serverProcess">Its process.</param>
    /// <param name="path">What is called.</param>
    /// <param name="body">JSON.</param>
    public static async Task<RawHttpSide> ConnectAsync(string name, Uri url, int serverProcess, string path, string body)
    {
        var request = Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: {url.Authority}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        var sockets = new Socket[Connections];
        for (var i = 0; i < Connections; i++)
        {
            sockets[i] = await ConnectAsync(url);
        }

        return new RawHttpSide(name, serverProcess, request, sockets);
    }

    /// <summary>The body of an answer.</summary>
    public async Task<string> AskAsync()
    {
        var buffer = new byte[BufferBytes];
        await _sockets[0].SendAsync(_request);
        var (length, head) = await ReadAsync(_sockets[0], buffer);
        return Encoding.ASCII.GetString(buffer, head, length - head);
    }

    public async Task<double> CallAsync()
    {
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(_sockets.Select(async socket =>
        {
            var buffer = new byte[BufferBytes];
            for (var i = 0; i < CallsOfAConnection; i++)
            {
                await socket.SendAsync(_request);
                await ReadAsync(socket, buffer);
            }
        }));
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public void Dispose() => Array.ForEach(_sockets, socket => socket.Dispose());

    private static async Task<Socket> ConnectAsync(Uri url)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, url.Port));
                return socket;
            }
            catch (SocketException) when (Stopwatch.GetElapsedTime(start) < MostStartTime)
            {
                // It does not listen yet.
                socket.Dispose();
            }
        }
    }

    // An answer has a length, or chunks, the last of which is empty.
    private static async Task<(int Length, int Head)> ReadAsync(Socket socket, byte[] buffer)
    {
        for (var length = 0; ;)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(length));
            length += read > 0 ? read : throw new InvalidOperationException("The server has closed the connection.");
            if (IsWhole(buffer.AsSpan(0, length), out var head))
            {
                return (length, head);
            }
        }
    }

    private static bool IsWhole(ReadOnlySpan<byte> answer, out int head)
    {
        head = answer.IndexOf("\r\n\r\n"u8) + 4;
        if (head < 4)
        {
            return false;
        }

        if (!answer.StartsWith("HTTP/1.1 200"u8))
        {
            throw new InvalidOperationException(Encoding.ASCII.GetString(answer));
        }

        var at = answer.IndexOf("Content-Length: "u8);
        return at < 0 || at > head
            ? answer.EndsWith("\r\n0\r\n\r\n"u8)
            : System.Buffers.Text.Utf8Parser.TryParse(answer[(at + "Content-Length: "u8.Length)..], out int bytes, out _) && answer.Length == head + bytes;
    }
}
