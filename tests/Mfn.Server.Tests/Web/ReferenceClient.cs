using System.Net.WebSockets;
using System.Text.Json;

namespace Mfn.Server.Tests.Web;

/// <summary>A client of the reference's protocol.</summary>
internal sealed class ReferenceClient(SocketClient socket) : IAsyncDisposable
{
    public SocketClient Socket => socket;

    public static async Task<ReferenceClient> ConnectAsync(TestServer server, string path, params (string Name, string Value)[] headers) =>
        new(await SocketClient.ConnectAsync(server.WebUrl!, path, null, headers));

    public Task SendAsync(string type, object payload) => socket.SendAsync(JsonSerializer.Serialize(new { type, payload }));

    /// <summary>The next message; null when the server has closed.</summary>
    public async Task<Message?> NextAsync()
    {
        if (await socket.ReceiveAsync() is not var (type, bytes))
        {
            return null;
        }

        Assert.Equal(WebSocketMessageType.Text, type);
        var json = JsonDocument.Parse(bytes).RootElement;
        Assert.True(Math.Abs(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - json.GetProperty("timestamp").GetInt64()) < 60_000);
        return new Message(json.GetProperty("type").GetString()!, json.GetProperty("payload"), json);
    }

    /// <summary>Sends a message; returns the next, whatever it is.</summary>
    public async Task<Message?> AskAsync(string type, object payload)
    {
        await SendAsync(type, payload);
        return await NextAsync();
    }

    /// <summary>Shows a key.</summary>
    public Task<Message?> AuthenticateAsync(string key = "", double? timestamp = null) =>
        AskAsync("auth", new { api_key = key, timestamp = timestamp ?? DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() });

    public ValueTask DisposeAsync() => socket.DisposeAsync();

    internal sealed record Message(string Type, JsonElement Payload, JsonElement Whole)
    {
        public string? Error => Payload.TryGetProperty("error_code", out var code) ? code.GetString() : null;

        public double Number(string group, string name) => Payload.GetProperty(group).GetProperty(name).GetDouble();
    }
}
