using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Web;

/// <summary>A client of WebSockets that watches a run.</summary>
internal sealed class SocketClient : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();

    private SocketClient()
    {
    }

    /// <summary>The library's own.</summary>
    public ClientWebSocket Socket => _socket;

    /// <summary>The last error that came, and is no message.</summary>
    public JsonElement? Error { get; private set; }

    /// <summary>How the server has closed.</summary>
    public (int? Code, string? Reason) Close => ((int?)_socket.CloseStatus, _socket.CloseStatusDescription);

    /// <summary>Connects.</summary>
    /// <param name="url">The server's, of HTTP.</param>
    /// <param name="path">With its query.</param>
    /// <param name="subprotocol">What to ask for; null for nothing.</param>
    /// <param name="headers">What a browser's page could not set, and what a browser does.</param>
    public static async Task<SocketClient> ConnectAsync(string url, string path, string? subprotocol, params (string Name, string Value)[] headers)
    {
        var client = new SocketClient();
        if (subprotocol is not null)
        {
            client._socket.Options.AddSubProtocol(subprotocol);
        }

        client._socket.Options.CollectHttpResponseDetails = true;
        foreach (var (name, value) in headers)
        {
            client._socket.Options.SetRequestHeader(name, value);
        }

        try
        {
            await client._socket.ConnectAsync(new Uri(url.Replace("http", "ws", StringComparison.Ordinal) + path), CancellationToken.None).Within();
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }

        return client;
    }

    /// <summary>The status with which a handshake is refused.</summary>
    public static async Task<(int Status, string Body)> RefusedAsync(string url, string path, string? subprotocol, params (string Name, string Value)[] headers)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, url + path);
        (string Name, string Value)[] all =
        [
            ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="), ("Sec-WebSocket-Protocol", subprotocol ?? ""), .. headers,
        ];
        foreach (var (name, value) in all.Where(header => header.Value.Length > 0).GroupBy(header => header.Name).Select(group => group.Last()))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).Within();
        return ((int)response.StatusCode, response.StatusCode == System.Net.HttpStatusCode.SwitchingProtocols ? "" : await response.Content.ReadAsStringAsync());
    }

    public Task SendAsync(string text) => _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None).Within();

    /// <summary>The next message; null when the server has closed or the connection is broken.</summary>
    public async Task<(WebSocketMessageType Type, byte[] Bytes)?> ReceiveAsync()
    {
        var message = new List<byte>();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var part = await _socket.ReceiveAsync(buffer, CancellationToken.None).Within();
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            message.AddRange(buffer.AsSpan(0, part.Count));
            if (part.EndOfMessage)
            {
                return (part.MessageType, [.. message]);
            }
        }
    }

    /// <summary>The next message of a watch; null at the end. What is no message is kept apart.</summary>
    public async Task<WatchRunResponse?> NextAsync()
    {
        while (await ReceiveAsync() is var (type, bytes))
        {
            if (type == WebSocketMessageType.Binary)
            {
                return WatchRunResponse.Parser.ParseFrom(bytes);
            }

            var json = JsonDocument.Parse(bytes).RootElement;
            if (!json.TryGetProperty("error", out var error))
            {
                Assert.Equal("mfn.v1.json", _socket.SubProtocol ?? "mfn.v1.json");
                return JsonParser.Default.Parse<WatchRunResponse>(json.GetRawText());
            }

            Error = error;
        }

        return null;
    }

    /// <summary>At most so many messages of a watch.</summary>
    public async Task<List<WatchRunResponse>> ReadAsync(int count)
    {
        var messages = new List<WatchRunResponse>();
        while (messages.Count < count && await NextAsync() is { } message)
        {
            messages.Add(message);
        }

        return messages;
    }

    public ValueTask DisposeAsync()
    {
        _socket.Abort();
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
