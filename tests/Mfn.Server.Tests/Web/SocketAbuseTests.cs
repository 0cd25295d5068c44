using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Mfn.Contracts.V1;
using Mfn.Server.Identity;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Identity;

namespace Mfn.Server.Tests.Web;

/// <summary>What breaks the protocol of WebSockets is told so by the right code, and disturbs nobody else.</summary>
public sealed class SocketAbuseTests : IAsyncLifetime
{
    private readonly KeyFile _keys = new();
    private readonly CancellationTokenSource _done = new();
    private string _key = null!;
    private string _path = null!;
    private TestServer _server = null!;
    private SocketClient _healthy = null!;
    private Task<long> _watching = null!;

    public async ValueTask InitializeAsync()
    {
        _key = _keys.Add(Roles.Admin);
        _server = await TestServer.StartAsync("Web:Url=http://127.0.0.1:0", _keys.Setting, "Streaming:WriteTimeout=00:00:01");
        var spec = new CreateRunRequest { Spec = new SimulationSpec { GridSize = 256 }, Stop = new StopCondition { Never = true }, StepsPerSecond = 50 };
        var run = (await _server.Runs.CreateRunAsync(spec, new Grpc.Core.Metadata { { "x-api-key", _key } })).Run;
        _path = $"/v1/runs/{run.RunId}/watch";
        _healthy = await SocketClient.ConnectAsync(_server.WebUrl!, _path, "mfn.v1.protobuf", ("x-api-key", _key));
        _watching = WatchAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _healthy.DisposeAsync();
        await _server.DisposeAsync();
        _keys.Dispose();
        _done.Dispose();
    }

    /// <summary>While the server waits to be told who calls, and while it watches.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Frames_ThatBreakTheProtocol_HaveTheirCodes(bool isOpen)
    {
        var longPing = new byte[126];
        byte[] half = [0xc3];
        var cases = new (string Name, int Code, Func<RawSocket, Task> SendAsync)[]
        {
            ("not masked", 1002, socket => socket.SendAsync(RawSocket.Text, "{      }"u8, isMasked: false)),
            ("reserved bit 1", 1002, socket => socket.SendAsync(RawSocket.Text, "{}"u8, reserved: 4)),
            ("reserved bits 2 and 3", 1002, socket => socket.SendAsync(RawSocket.Text, "{}"u8, reserved: 3)),
            ("reserved opcode", 1002, socket => socket.SendAsync(3, "{}"u8)),
            ("reserved control opcode", 1002, socket => socket.SendAsync(11, [])),
            ("ping of 126 bytes", 1002, socket => socket.SendAsync(RawSocket.Ping, longPing)),
            ("ping in parts", 1002, socket => socket.SendAsync(RawSocket.Ping, [], isFinal: false)),
            ("goes on with nothing", 1002, socket => socket.SendAsync(RawSocket.Continuation, "{}"u8)),
            ("close of one byte", 1002, socket => socket.SendAsync(RawSocket.Close, [3])),
            ("close 999", 1002, socket => socket.SendAsync(RawSocket.Close, CodeOf(999))),
            ("close 1005", 1002, socket => socket.SendAsync(RawSocket.Close, CodeOf(1005))),
            ("close 1006", 1002, socket => socket.SendAsync(RawSocket.Close, CodeOf(1006))),
            ("close 5000", 1002, socket => socket.SendAsync(RawSocket.Close, CodeOf(5000))),
            ("close 1000", 1000, socket => socket.SendAsync(RawSocket.Close, CodeOf(1000))),
            ("close 1001", 1001, socket => socket.SendAsync(RawSocket.Close, CodeOf(1001))),
            ("close 3000", 3000, socket => socket.SendAsync(RawSocket.Close, CodeOf(3000))),
            ("close 4999", 4999, socket => socket.SendAsync(RawSocket.Close, CodeOf(4999))),
            ("close without a code", 1000, socket => socket.SendAsync(RawSocket.Close, [])),
            ("binary", 1003, socket => socket.SendAsync(RawSocket.Binary, "{}"u8)),
        };
        foreach (var (name, code, sendAsync) in cases)
        {
            using var socket = await OpenAsync(isOpen);

            await sendAsync(socket);

            Assert.Equal((name, code), (name, await socket.ReadCloseAsync()));
        }

        await AssertUndisturbedAsync();
    }

    [Fact]
    public async Task FirstMessage_ThatIsWrong_HasItsCode()
    {
        using var text = await OpenAsync(isOpen: false);
        await text.SendAsync(RawSocket.Text, [(byte)'"', 0xff, (byte)'"']);
        Assert.Equal(1007, await text.ReadCloseAsync());

        using var large = await OpenAsync(isOpen: false);
        await large.SendAsync(RawSocket.Text, Enumerable.Repeat((byte)' ', 17 * 1024).ToArray(), length: 1L << 40);
        Assert.Equal(1009, await large.ReadCloseAsync());

        using var parts = await OpenAsync(isOpen: false);
        for (var i = 0; i < 17; i++)
        {
            await parts.SendAsync(i == 0 ? RawSocket.Text : RawSocket.Continuation, Enumerable.Repeat((byte)' ', 1024).ToArray(), isFinal: false);
        }

        Assert.Equal(1009, await parts.ReadCloseAsync());

        using var begun = await OpenAsync(isOpen: false);
        await begun.SendAsync(RawSocket.Text, "{"u8, isFinal: false);
        await begun.SendAsync(RawSocket.Text, "}"u8);
        Assert.Equal(1002, await begun.ReadCloseAsync());

        await AssertUndisturbedAsync();
    }

    /// <summary>Ten seconds for a handshake and for the first message; a half of either is none.</summary>
    [Fact]
    public async Task Half_IsNotWaitedForForEver()
    {
        using var handshake = RawSocket.Connect(_server.WebUrl!);
        using var message = await OpenAsync(isOpen: false);
        await handshake.SendTextAsync($"GET {_path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n");
        await message.SendAsync(RawSocket.Text, "{"u8, isFinal: false);

        Assert.Equal(4016, await message.ReadCloseAsync());
        Assert.StartsWith("HTTP/1.1 408 ", await handshake.ReadHeadAsync(), StringComparison.Ordinal);
        await AssertUndisturbedAsync();
    }

    /// <summary>In parts, with pings between them, which are answered at once.</summary>
    [Fact]
    public async Task FirstMessage_InParts_IsTaken()
    {
        using var socket = await OpenAsync(isOpen: false);
        var ping = Enumerable.Range(0, 125).Select(i => (byte)i).ToArray();
        var text = Encoding.UTF8.GetBytes($$"""{"api_key": "{{_key}}"}""");
        for (var i = 0; i < text.Length; i++)
        {
            await socket.SendAsync(i == 0 ? RawSocket.Text : RawSocket.Continuation, text.AsSpan(i, 1), isFinal: false);
            await socket.SendAsync(RawSocket.Ping, ping.AsSpan(0, Math.Min(125, i * 5)));
            var (opcode, payload) = (await socket.ReadAsync())!.Value;
            Assert.Equal(RawSocket.Pong, opcode);
            Assert.Equal(ping[..Math.Min(125, i * 5)], payload);
        }

        await socket.SendAsync(RawSocket.Continuation, []);

        var (kind, message) = (await socket.ReadAsync())!.Value;
        Assert.Equal(RawSocket.Text, kind);
        Assert.True(JsonDocument.Parse(message).RootElement.TryGetProperty("chain", out _));
    }

    /// <summary>One that takes nothing is cut off after the time-out of writes, as over gRPC.</summary>
    [Fact]
    public async Task Watcher_ThatNeverReads_IsCutOff()
    {
        await Patience.UntilAsync(() => _server.OpenCalls.Count == 1);
        using var socket = await RawSocket.OpenAsync(_server.WebUrl!, _path + "?field_encoding=FIELD_ENCODING_FLOAT64&delivery=DELIVERY_LATEST", ("x-api-key", _key));
        await Patience.UntilAsync(() => _server.OpenCalls.Count == 2);

        await Patience.UntilAsync(() => _server.OpenCalls.Count == 1);

        await AssertUndisturbedAsync();
    }

    private static byte[] CodeOf(ushort code)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, code);
        return bytes;
    }

    private Task<RawSocket> OpenAsync(bool isOpen) => RawSocket.OpenAsync(_server.WebUrl!, _path, isOpen ? [("x-api-key", _key)] : []);

    /// <summary>The watcher beside goes on, and has missed nothing.</summary>
    private async Task AssertUndisturbedAsync()
    {
        Assert.False(_watching.IsCompleted);
        await _done.CancelAsync();
        Assert.True(await _watching.Within() > 0);
        Assert.NotNull(await _healthy.NextAsync());
    }

    private async Task<long> WatchAsync()
    {
        long count = 0;
        long? step = null;
        while (!_done.IsCancellationRequested)
        {
            var message = Assert.IsType<WatchRunResponse>(await _healthy.NextAsync());
            Assert.Equal(count++, message.Sequence);
            Assert.True(step is null || message.KindCase != WatchRunResponse.KindOneofCase.Snapshot || message.Step == step + 1);
            step = message.Step;
        }

        return count;
    }
}
