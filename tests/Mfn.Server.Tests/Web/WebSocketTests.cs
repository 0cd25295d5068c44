using System.Net.WebSockets;
using Mfn.Contracts.V1;
using Mfn.Server.Identity;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Identity;

namespace Mfn.Server.Tests.Web;

/// <summary>Watching over WebSockets: who may, how it begins, and how it ends.</summary>
public sealed class WebSocketTests
{
    private const string AnyPort = "Web:Url=http://127.0.0.1:0";
    private const string Json = "mfn.v1.json";
    private const string Binary = "mfn.v1.protobuf";

    [Theory]
    [InlineData(null, WebSocketMessageType.Text)]
    [InlineData(Json, WebSocketMessageType.Text)]
    [InlineData(Binary, WebSocketMessageType.Binary)]
    public async Task Watch_OfARunThatEnds_IsClosedInOrder(string? subprotocol, WebSocketMessageType type)
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        var run = await CreateAsync(server, new StopCondition { AfterStep = 3 });
        await using var client = await SocketClient.ConnectAsync(server.WebUrl!, $"/v1/runs/{run}/watch?from_step=0", subprotocol, ("x-correlation-id", "mine"));

        var first = await client.ReceiveAsync();
        var rest = await client.ReadAsync(int.MaxValue);

        Assert.Equal((type, subprotocol), (first!.Value.Type, client.Socket.SubProtocol));
        Assert.Equal(WatchRunResponse.KindOneofCase.End, rest[^1].KindCase);
        Assert.Equal((1000, "The stream has ended."), client.Close);
        Assert.Null(client.Error);
        Assert.Equal("mine", client.Socket.HttpResponseHeaders!["x-correlation-id"].Single());
        await Patience.UntilAsync(() => server.OpenCalls.Count == 0);
    }

    [Theory]
    [InlineData("none/watch", 5, 4005)]
    [InlineData("none/watch?every_n_steps=0&keyframe=1", 3, 4003)]
    [InlineData("{run}/watch?resume_token=AAAA", 3, 4003)]
    [InlineData("{run}/watch?from_step=1000", 11, 4011)]
    public async Task Watch_ThatIsRefused_IsToldSo(string path, int status, int code)
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        var run = await CreateAsync(server, new StopCondition { Never = true });
        foreach (var subprotocol in new[] { Json, Binary })
        {
            await using var client = await SocketClient.ConnectAsync(server.WebUrl!, $"/v1/runs/{path.Replace("{run}", run, StringComparison.Ordinal)}", subprotocol);

            var messages = await client.ReadAsync(int.MaxValue);

            Assert.Empty(messages);
            Assert.Equal(status, client.Error!.Value.GetProperty("code").GetInt32());
            Assert.Equal(code, client.Close.Code);
            Assert.Contains(client.Close.Reason![^10..], $"{client.Error.Value.GetProperty("message").GetString()}", StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Watch_FirstMessage_SaysWhoCalls()
    {
        using var keys = new KeyFile();
        var reader = keys.Add(Roles.Viewer);
        var other = keys.Add(Roles.Contributor);
        await using var server = await TestServer.StartAsync(AnyPort, keys.Setting);
        var path = "/v1/runs/none/watch";
        var cases = new (string? First, int Code)[]
        {
            ($$"""{"api_key": "{{reader}}"}""", 4005),
            ($$"""{"authorization": "Bearer {{reader}}"}""", 4005),
            ($$"""{"api_key": "{{other}}"}""", 4007),
            ("""{"api_key": "mfn_wrong"}""", 4016),
            ("{}", 4016),
            ("", 4003),
            ("[]", 4003),
            ("{\"api_key\": 1}", 4003),
            ("{\"api_key\": \"\"}", 4003),
            ("{\"key\": \"a\"}", 4003),
            ("{\"api_key\": \"a\", \"api_key\": \"a\"}", 4003),
            ($$"""{"api_key": "{{reader}}", "authorization": "Bearer {{reader}}"}""", 4003),
            ($$"""{"api_key": "{{new string('a', 16 * 1024)}}"}""", 1009),
        };
        foreach (var (first, code) in cases)
        {
            await using var client = await SocketClient.ConnectAsync(server.WebUrl!, path, Json);
            await client.SendAsync(first!);

            Assert.Null(await client.NextAsync());

            Assert.Equal((first, code), (first, client.Close.Code));
            Assert.DoesNotContain(reader, client.Error!.Value.GetRawText(), StringComparison.Ordinal);
        }

        await using var known = await SocketClient.ConnectAsync(server.WebUrl!, path, Json, ("x-api-key", reader));
        await using var bearer = await SocketClient.ConnectAsync(server.WebUrl!, path, Json, ("authorization", $"Bearer {reader}"));
        await using var wrong = await SocketClient.ConnectAsync(server.WebUrl!, path, Json, ("x-api-key", "mfn_wrong"));
        foreach (var (client, code) in new[] { (known, 4005), (bearer, 4005), (wrong, 4016) })
        {
            Assert.Null(await client.NextAsync());
            Assert.Equal(code, client.Close.Code);
        }
    }

    /// <summary>The same client works with a server that asks nobody; more than one message it must not send.</summary>
    [Fact]
    public async Task Watch_MessagesThatNobodyNeeds_AreRefusedButForTheFirst()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        var run = await CreateAsync(server, new StopCondition { Never = true });
        var path = $"/v1/runs/{run}/watch";
        await using var client = await SocketClient.ConnectAsync(server.WebUrl!, path, Json);
        await using var other = await SocketClient.ConnectAsync(server.WebUrl!, path, Json);
        await client.SendAsync("""{"api_key": "mfn_any"}""");
        Assert.NotNull(await client.NextAsync());

        await client.SendAsync("{}");
        await other.Socket.SendAsync(new byte[10], WebSocketMessageType.Binary, endOfMessage: false, CancellationToken.None);

        await client.ReadAsync(int.MaxValue);
        await other.ReadAsync(int.MaxValue);
        Assert.Equal((1008, 1003), (client.Close.Code, other.Close.Code));
        Assert.Equal(3, client.Error!.Value.GetProperty("code").GetInt32());
        await Patience.UntilAsync(() => server.OpenCalls.Count == 0);
    }

    [Theory]
    [InlineData("/v1/runs/none/watch", "Sec-WebSocket-Version", "8", 426)]
    [InlineData("/v1/runs/none/watch", "Sec-WebSocket-Key", "short", 400)]
    [InlineData("/v1/runs/none/watch", "Connection", "keep-alive", 400)]
    [InlineData("/v1/runs/none/watch", "Sec-WebSocket-Protocol", "graphql-ws", 400)]
    [InlineData("/v1/runs/none/watch?api_key=a", "Sec-WebSocket-Protocol", Json, 400)]
    [InlineData("/v1/runs/none/watch?access_token=a", "Sec-WebSocket-Protocol", Json, 400)]
    [InlineData("/v1/runs/none/watch", "Host", "elsewhere.example", 403)]
    [InlineData("/v1/runs/none/watch", "Origin", "https://elsewhere.example", 403)]
    [InlineData("/v1/runs/none/watch", "Origin", "null", 403)]
    [InlineData("/v1/runs/none/watch", "Origin", "https://lab.example.org", 101)]
    [InlineData("/v1/runs/none/watch", "Sec-WebSocket-Protocol", "other, mfn.v1.protobuf", 101)]
    [InlineData("/v1/runs", "Sec-WebSocket-Protocol", Json, 400)]
    [InlineData("/v1/simulations:stream", "Sec-WebSocket-Protocol", Json, 400)]
    [InlineData("/ws", "Sec-WebSocket-Protocol", Json, 404)]
    public async Task Handshake_HasTheStatus(string path, string name, string value, int status)
    {
        await using var server = await TestServer.StartAsync(AnyPort, "Web:AllowedOrigins=https://lab.example.org");

        var refused = await SocketClient.RefusedAsync(server.WebUrl!, path, null, (name, value));

        Assert.Equal(status, refused.Status);
        Assert.Equal(status != 101, refused.Body.Contains("\"message\"", StringComparison.Ordinal));
    }

    /// <summary>The drain time is for computations: watchers may come again elsewhere at once.</summary>
    [Fact]
    public async Task Watch_WhenTheServerStops_IsClosedAtOnce()
    {
        using var keys = new KeyFile();
        var reader = keys.Add(Roles.Admin);
        await using var server = await TestServer.StartAsync(AnyPort, keys.Setting, "Shutdown:DrainTime=00:10:00");
        await using var waiting = await SocketClient.ConnectAsync(server.WebUrl!, "/v1/runs/none/watch", Json);
        await using var silent = await SocketClient.ConnectAsync(server.WebUrl!, "/v1/runs/none/watch", Json);

        var stopping = server.StopAsync();
        Assert.Null(await waiting.NextAsync());
        await stopping.Within();

        Assert.Equal((1001, 14), (waiting.Close.Code, waiting.Error!.Value.GetProperty("code").GetInt32()));
    }

    /// <summary>A watcher that goes is gone for the server too, however it goes.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Watch_WhoseClientGoes_Ends(bool inOrder)
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        var run = await CreateAsync(server, new StopCondition { Never = true });
        await using var client = await SocketClient.ConnectAsync(server.WebUrl!, $"/v1/runs/{run}/watch", Json);
        Assert.NotNull(await client.NextAsync());
        Assert.Equal(1, (await server.Runs.GetRunAsync(new GetRunRequest { RunId = run })).Run.WatcherCount);

        if (inOrder)
        {
            await client.Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", CancellationToken.None).Within();
            Assert.Equal(1000, client.Close.Code);
        }
        else
        {
            client.Socket.Abort();
        }

        await Patience.UntilAsync(async () => (await server.Runs.GetRunAsync(new GetRunRequest { RunId = run })).Run.WatcherCount == 0);
        await Patience.UntilAsync(() => server.OpenCalls.Count == 0);
    }

    private static async Task<string> CreateAsync(TestServer server, StopCondition stop) =>
        (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Stop = stop, StepsPerSecond = 100 })).Run.RunId;
}
