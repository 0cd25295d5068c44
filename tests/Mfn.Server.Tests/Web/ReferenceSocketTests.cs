using System.Runtime.InteropServices;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Identity;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Identity;

namespace Mfn.Server.Tests.Web;

/// <summary>The reference's protocol over WebSockets: who may, what comes, and that it goes on from step to step.</summary>
public sealed class ReferenceSocketTests
{
    private const string AnyPort = "Web:Url=http://127.0.0.1:0";
    private const string Live = "/ws/simulation_live";
    private const string Features = "/ws/stream_features";

    /// <summary>Each message is of the next step of one simulation, with the numbers that gRPC has.</summary>
    [Fact]
    public async Task Live_HasTheNumbersOfGrpc()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        var spec = new SimulationSpec { Seed = 7, GridSize = 32, Steps = 50, Alpha = 0.1, SpikeProbability = 0.9, TuringEnabled = false };
        var expected = await StreamAsync(server, spec, everyNSteps: 7);
        await using var client = await ReferenceClient.ConnectAsync(server, Live);
        await client.AuthenticateAsync();

        var begun = await client.AskAsync("subscribe", new
        {
            stream_type = "simulation_live",
            stream_id = "mine",
            @params = new { seed = 7, grid_size = 32, steps = 50, alpha = 0.1, spike_probability = 0.9, turing_enabled = false, update_interval_steps = 7, include_full_state = true },
        });

        Assert.Equal(("subscribe_success", "mine"), (begun!.Type, begun.Payload.GetProperty("stream_id").GetString()));
        long events = 0;
        foreach (var frame in expected.Where(message => message.Frame is not null).Select(message => message.Frame))
        {
            var state = (await client.NextAsync())!;
            events += frame.GrowthEvents.Count;
            Assert.Equal(("simulation_state", "mine", frame.Step, 50), (state.Type, state.Payload.GetProperty("stream_id").GetString(), state.Payload.GetProperty("step").GetInt32(), state.Payload.GetProperty("total_steps").GetInt32()));
            AssertPotential(frame.Statistics, name => state.Number("state", name));
            Assert.Equal(events, state.Number("metrics", "growth_events"));
            Assert.Equal(CellsOf(frame.Field).Count(cell => Math.Abs(cell) > 0.01), state.Number("state", "active_nodes"));
            Assert.Equal([32, 32], state.Payload.GetProperty("state").GetProperty("field_shape").EnumerateArray().Select(each => each.GetInt32()));
            Assert.Equal(CellsOf(frame.Field).Average(), state.Number("state", "field_mean"), 1e-15);
        }

        var complete = (await client.NextAsync())!;
        Assert.Equal("simulation_complete", complete.Type);
        AssertPotential(expected[^1].Summary.Statistics, name => complete.Number("final_metrics", name));
        Assert.Equal(expected[^1].Summary.GrowthEventCount, complete.Number("final_metrics", "growth_events"));
        Assert.InRange(complete.Number("final_metrics", "fractal_dimension"), 0, 2);
        await client.SendAsync("close", new { });
        Assert.Null(await client.NextAsync());
        Assert.Equal(1000, client.Socket.Close.Code);
    }

    [Fact]
    public async Task Features_AreThoseOfOneSimulation()
    {
        await using var server = await TestServer.StartAsync(AnyPort, "Limits:MaxSteps=12");
        var expected = await StreamAsync(server, new SimulationSpec { Seed = 42, GridSize = 64, Steps = 12 }, everyNSteps: 1);
        await using var client = await ReferenceClient.ConnectAsync(server, Features);
        await client.AuthenticateAsync();
        await client.AskAsync("subscribe", new { stream_type = "stream_features", stream_id = "all", @params = new { update_interval_ms = 10 } });

        for (var i = 0; i < 12; i++)
        {
            var update = (await client.NextAsync())!;
            var cells = CellsOf(expected[i].Frame.Field);
            Assert.Equal(("feature_update", i), (update.Type, update.Payload.GetProperty("sequence").GetInt32()));
            AssertPotential(expected[i].Frame.Statistics, name => update.Number("features", name));
            Assert.Equal(cells.Count(cell => Math.Abs(cell) > 0.01) / 4096.0, update.Number("features", "activity_ratio"));
            Assert.Equal(cells.Sum(cell => cell * cell), update.Number("features", "total_energy"), 1e-12);
        }

        // Nothing begins again from the first step.
        var end = (await client.NextAsync())!;
        Assert.Equal(("error", "STREAM_ERROR"), (end.Type, end.Error));
        Assert.Contains("Limits:MaxSteps", end.Payload.GetProperty("message").GetString(), StringComparison.Ordinal);

        var begun = await client.AskAsync("subscribe", new { stream_type = "stream_features", stream_id = "some", @params = new { features = new[] { "pot_mean_mV", "fractal_dimension" } } });
        Assert.Equal(("subscribe_success", ""), (begun!.Type, begun.Error is null ? "" : begun.Whole.GetRawText()));
        var some = (await client.NextAsync())!;
        Assert.Equal(["pot_mean_mV", "fractal_dimension"], some.Payload.GetProperty("features").EnumerateObject().Select(member => member.Name));
        Assert.Equal("unsubscribe", (await UntilAsync(client, "unsubscribe", new { stream_id = "some" })).Type);
        await Patience.UntilAsync(() => server.OpenCalls.Count == 0);
    }

    [Fact]
    public async Task Messages_HaveTheirAnswers()
    {
        using var keys = new KeyFile();
        var key = keys.Add(Roles.Operator);
        var viewer = keys.Add(Roles.Viewer);
        await using var server = await TestServer.StartAsync(AnyPort, keys.Setting);
        await using var client = await ReferenceClient.ConnectAsync(server, Live);
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        object run = new { stream_type = "simulation_live", stream_id = "a", @params = new { } };

        Assert.Equal("init", (await client.AskAsync("init", new { protocol_version = "1.0", client_info = "test" }))!.Type);
        Assert.Equal(("error", "INIT_FAILED"), await TellAsync("init", new { protocol_version = "2.0" }));
        Assert.Equal(("error", "INIT_FAILED"), await TellAsync("init", new[] { 1 }));
        Assert.Equal(("subscribe_failed", "NOT_AUTHENTICATED"), await TellAsync("subscribe", run));
        Assert.Equal(("auth_failed", "AUTH_ERROR"), await TellAsync("auth", new { api_key = key }));
        Assert.Equal(("auth_failed", "AUTH_ERROR"), await TellAsync("auth", new { api_key = 1, timestamp = now }));
        Assert.Equal(("auth_failed", "AUTH_FAILED"), await TellAsync("auth", new { api_key = "mfn_wrong", timestamp = now }));
        Assert.Equal(("auth_failed", "AUTH_FAILED"), await TellAsync("auth", new { api_key = "", timestamp = now }));
        Assert.Equal(("auth_failed", "AUTH_FAILED"), await TellAsync("auth", new { api_key = key, timestamp = now - 310_000 }));
        Assert.Equal(("auth_failed", "AUTH_FAILED"), await TellAsync("auth", new { api_key = key, timestamp = (now / 1000.0) + 310 }));
        Assert.Equal(("subscribe_failed", "NOT_AUTHENTICATED"), await TellAsync("subscribe", run));
        await client.SendAsync("unheard of", new { });
        Assert.Equal(("auth_success", null), await TellAsync("auth", new { api_key = viewer, timestamp = now }));
        Assert.Equal(("subscribe_failed", "SUBSCRIBE_FAILED"), await TellAsync("subscribe", run));
        Assert.Equal(("auth_success", null), await TellAsync("auth", new { api_key = key, timestamp = (now / 1000.0) - 290 }));
        Assert.Equal(("subscribe_failed", "SUBSCRIBE_ERROR"), await TellAsync("subscribe", new { stream_type = "other", stream_id = "a" }));
        Assert.Equal(("subscribe_failed", "SUBSCRIBE_ERROR"), await TellAsync("subscribe", new { stream_type = "simulation_live" }));
        Assert.Equal(("subscribe_failed", "SUBSCRIBE_FAILED"), await TellAsync("subscribe", new { stream_type = "simulation_live", stream_id = "a", @params = 1 }));
        Assert.Equal(("subscribe_failed", "SUBSCRIBE_FAILED"), await TellAsync("subscribe", new { stream_type = "simulation_live", stream_id = "a", @params = new { grid_size = 7, steps = 1001, alpha = 2 } }));
        Assert.Equal(("subscribe_failed", "SUBSCRIBE_FAILED"), await TellAsync("subscribe", new { stream_type = "simulation_live", stream_id = "a", @params = new { backpressure = "wait" } }));
        await client.Socket.SendAsync("{");
        Assert.Equal(("error", "INVALID_MESSAGE"), Of(await client.NextAsync()));
        await client.Socket.SendAsync("[]");
        Assert.Equal(("error", "INVALID_MESSAGE"), Of(await client.NextAsync()));
        Assert.Equal("unsubscribe", (await client.AskAsync("unsubscribe", new { stream_id = "none" }))!.Type);

        // The endpoint decides what is streamed.
        Assert.Equal(("subscribe_success", null), await TellAsync("subscribe", new { stream_type = "stream_features", stream_id = "a" }));
        Assert.Equal("simulation_state", (await client.NextAsync())!.Type);
        await client.Socket.SendAsync(new string(' ', 20_000));
        while (await client.NextAsync() is not null)
        {
        }

        Assert.Equal(1009, client.Socket.Close.Code);

        async Task<(string, string?)> TellAsync(string type, object payload) => Of(await client.AskAsync(type, payload));
        static (string, string?) Of(ReferenceClient.Message? message) => (message!.Type, message.Error);
    }

    [Fact]
    public async Task Client_ThatGivesNoSignOfLife_IsDisconnected()
    {
        await using var server = await TestServer.StartAsync(AnyPort, "Web:HeartbeatInterval=00:00:00.300");
        await using var silent = await ReferenceClient.ConnectAsync(server, Live);
        await using var alive = await ReferenceClient.ConnectAsync(server, Live);

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal("heartbeat", (await alive.NextAsync())!.Type);
            await alive.SendAsync("pong", new { });
        }

        while (await silent.NextAsync() is { Type: "heartbeat" })
        {
        }

        Assert.Null(await silent.NextAsync());
        Assert.Equal(4004, silent.Socket.Close.Code);
        Assert.Equal("init", (await UntilAsync(alive, "init", new { protocol_version = "1.0" })).Type);
    }

    /// <summary>Computations under way end with their socket; the drain time is not for them.</summary>
    [Fact]
    public async Task Streams_EndWithTheServerAndWithTheClient()
    {
        await using var server = await TestServer.StartAsync(AnyPort, "Shutdown:DrainTime=00:10:00");
        await using var staying = await ReferenceClient.ConnectAsync(server, Features);
        await using (var going = await ReferenceClient.ConnectAsync(server, Features))
        {
            foreach (var client in new[] { staying, going })
            {
                await client.AuthenticateAsync();
                Assert.Equal("subscribe_success", (await client.AskAsync("subscribe", new { stream_type = "stream_features", stream_id = "a" }))!.Type);
            }

            Assert.Equal(2, server.OpenCalls.Count);
        }

        await Patience.UntilAsync(() => server.OpenCalls.Count == 1);

        var stopping = server.StopAsync();
        string? error = null;
        while (await staying.NextAsync() is { } message)
        {
            error = message.Error ?? error;
        }

        await stopping.Within();
        Assert.Equal((1001, "SERVER_STOPPING"), (staying.Socket.Close.Code, error));
    }

    [Fact]
    public async Task Path_WithoutAHandshake_SaysWhatItIs()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        using var rest = new RestClient(server.WebUrl!);

        var (response, _) = await rest.SendAsync("GET", Live);
        var refused = await SocketClient.RefusedAsync(server.WebUrl!, Live, null, ("Origin", "https://elsewhere.example"));

        Assert.Equal((426, 403), ((int)response.StatusCode, refused.Status));
    }

    /// <summary>Other verbs there are no more than elsewhere.</summary>
    [Theory]
    [InlineData("POST", 405)]
    [InlineData("TRACE", 405)]
    [InlineData("OPTIONS", 204)]
    public async Task Send_OtherVerbs_AreToldTheRightOne(string verb, int status)
    {
        await using var server = await TestServer.StartAsync("Web:Url=http://127.0.0.1:0");
        using var rest = new RestClient(server.WebUrl!);

        var (response, _) = await rest.SendAsync(verb, Features);

        Assert.Equal((status, "GET, HEAD, OPTIONS"), ((int)response.StatusCode, string.Join(", ", response.Content.Headers.Allow)));
    }

    private static void AssertPotential(PotentialStatistics expected, Func<string, double> found)
    {
        Assert.Equal(expected.MeanPotentialMillivolts, found("pot_mean_mV"));
        Assert.Equal(expected.PotentialStandardDeviationMillivolts, found("pot_std_mV"));
        Assert.Equal(expected.MinPotentialMillivolts, found("pot_min_mV"));
        Assert.Equal(expected.MaxPotentialMillivolts, found("pot_max_mV"));
    }

    private static double[] CellsOf(Field field) => MemoryMarshal.Cast<byte, double>(field.Values.Span).ToArray();

    private static async Task<List<StreamSimulationResponse>> StreamAsync(TestServer server, SimulationSpec spec, int everyNSteps)
    {
        using var call = server.Simulation.StreamSimulation(new StreamSimulationRequest { Spec = spec, EveryNSteps = everyNSteps, FieldEncoding = FieldEncoding.Float64 });
        return await call.ResponseStream.ReadAllAsync().ToListAsync();
    }

    /// <summary>Sends a message, and passes over what a stream had sent before the answer.</summary>
    private static async Task<ReferenceClient.Message> UntilAsync(ReferenceClient client, string type, object payload)
    {
        await client.SendAsync(type, payload);
        while (true)
        {
            var message = (await client.NextAsync())!;
            if (message.Type == type)
            {
                return message;
            }
        }
    }
}
