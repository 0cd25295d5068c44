using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Configuration;
using Mfn.Server.Identity;
using Mfn.Server.Observability;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Identity;
using Mfn.Server.Tests.Runs;
using Microsoft.Extensions.DependencyInjection;

namespace Mfn.Server.Tests.Observability;

public sealed class MetricsListenerTests : IDisposable
{
    private const string AnyPort = "Metrics:Url=http://127.0.0.1:0";

    private readonly HttpClient _http = new();

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task Metrics_KnownCalls_AreCountedByMethodAndCode()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        for (var i = 0; i < 3; i++)
        {
            await server.Membrane.ComputeNernstPotentialAsync(new ComputeNernstPotentialRequest { Valence = 1, OutsideMolar = 0.1, InsideMolar = 0.1, TemperatureKelvin = 300 });
        }

        for (var i = 0; i < 2; i++)
        {
            await Assert.ThrowsAsync<RpcException>(async () => await server.Runs.GetRunAsync(new GetRunRequest { RunId = "0123456789abcdef0123456789abcdef" }));
        }

        var found = await ScrapeAsync(server);

        (string, string)[] nernst = [("service", "mfn.v1.MembraneService"), ("method", "ComputeNernstPotential")];
        Assert.Equal(3, found.Sum("mfn_rpc_started_total", nernst));
        Assert.Equal(3, found.Sum("mfn_rpc_handled_total", [.. nernst, ("code", "OK")]));
        Assert.Equal(3, found.Sum("mfn_rpc_duration_seconds_count", nernst));
        Assert.Equal(2, found.Sum("mfn_rpc_handled_total", ("method", "GetRun"), ("code", "NOT_FOUND")));
        Assert.Equal(2, found.Sum("mfn_rpc_refusals_total"));
        Assert.Equal((5, 0), (found.Sum("mfn_rpc_handled_total"), found.Sum("mfn_rpc_open")));
        Assert.Equal(5, found.Sum("mfn_auth_outcomes_total", ("credential", "anonymous"), ("outcome", "accepted")));
    }

    [Fact]
    public async Task Metrics_AWatch_CountsFramesBytesAndDrops()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest
        {
            Spec = new SimulationSpec { GridSize = 16 },
            Stop = new StopCondition { AfterStep = 50 },
            HistorySteps = 1000,
        })).Run;
        var watcher = new NaiveWatcher(server, run.RunId);
        long frames = 0, bytes = 0;
        using (var call = watcher.Open(new WatchRunRequest { FromStep = 0, EveryNSteps = 1, FieldEncoding = FieldEncoding.Float64, BacklogFrames = 100 }))
        {
            await watcher.ReadAsync(call, message =>
            {
                var isFrame = message.Snapshot is not null || message.Delta is not null;
                frames += isFrame ? 1 : 0;
                bytes += isFrame ? message.CalculateSize() : 0;
                return false;
            });
        }

        var found = await ScrapeAsync(server);

        Assert.Equal((frames, bytes), (found.Sum("mfn_frames_sent_total", ("delivery", "lossless")), found.Sum("mfn_frames_sent_size_bytes_total", ("delivery", "lossless"))));
        Assert.Equal(frames, found.Sum("mfn_frames_sent_total"));
        Assert.Equal((50, 1, 0), (found.Sum("mfn_steps_total", ("work", "run")), found.Sum("mfn_watch_first_frame_seconds_count"), found.Sum("mfn_watchers")));
        Assert.Equal(1, found.Sum("mfn_runs", ("state", "stopped")));
        Assert.InRange(frames, 51, 51);
    }

    [Fact]
    public async Task Metrics_AStreamOfASimulation_CountsItsFramesAndSteps()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        long frames = 0, bytes = 0;
        using (var call = server.Simulation.StreamSimulation(new StreamSimulationRequest { Spec = new SimulationSpec { GridSize = 16, Steps = 30 }, EveryNSteps = 10, FieldEncoding = FieldEncoding.Float32 }))
        {
            await foreach (var message in call.ResponseStream.ReadAllAsync())
            {
                frames += message.Frame is null ? 0 : 1;
                bytes += message.Frame is null ? 0 : message.CalculateSize();
            }
        }

        var found = await ScrapeAsync(server);

        Assert.Equal(3, frames);
        Assert.Equal((frames, bytes), (found.Sum("mfn_frames_sent_total", ("delivery", "owner")), found.Sum("mfn_frames_sent_size_bytes_total", ("delivery", "owner"))));
        Assert.Equal((30, 30 * 256), (found.Sum("mfn_steps_total", ("work", "simulation")), found.Sum("mfn_cell_steps_total")));
    }

    [Fact]
    public async Task Metrics_HistoryThatIsGiven_CountsItsStepsOnceMore()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 16 }, Stop = new StopCondition { AfterStep = 50 }, HistorySteps = 1000 })).Run;
        await Patience.UntilAsync(async () => (await server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId })).Run.State == Contracts.V1.RunState.Stopped);
        var watcher = new NaiveWatcher(server, run.RunId);
        using (var call = watcher.Open(new WatchRunRequest { FromStep = 0, EveryNSteps = 10, }))
        {
            await watcher.ReadAsync(call, _ => false);
        }

        var found = await ScrapeAsync(server);

        Assert.Equal((50, 50), (found.Sum("mfn_steps_total", ("work", "run")), found.Sum("mfn_steps_total", ("work", "replay"))));
        Assert.Equal((6, 0), (found.Sum("mfn_frames_sent_total"), found.Sum("mfn_replays_backlog_steps")));
    }

    /// <summary>What a watcher that does not read is not sent is counted as its gaps tell it.</summary>
    [Fact]
    public async Task Metrics_AWatcherThatIsSlow_CountsWhatItsGapsTell()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 512 }, Stop = new StopCondition { AfterStep = 100 }, Paused = true })).Run;
        long frames = 0, dropped = 0, gaps = 0;
        using (var call = server.Runs.WatchRun(new WatchRunRequest { RunId = run.RunId, EveryNSteps = 1, FieldEncoding = FieldEncoding.Float64, Delivery = Delivery.DropOldest, BacklogFrames = 1 }))
        {
            // It has the first frame, and no more before the run has stopped.
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within());
            frames++;
            using (var steering = server.Runs.SteerRun())
            {
                await steering.RequestStream.WriteAsync(new SteerRunRequest { RunId = run.RunId, Command = new RunCommand { CommandId = "go", Resume = new Resume() } });
                await Patience.UntilAsync(async () => (await server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId })).Run.State == Contracts.V1.RunState.Stopped);
            }

            await foreach (var message in call.ResponseStream.ReadAllAsync())
            {
                frames += message.Snapshot is null && message.Delta is null ? 0 : 1;
                dropped += message.Gap?.DroppedFrames ?? 0;
                gaps += message.Gap is null ? 0 : 1;
            }
        }

        var found = await ScrapeAsync(server);

        (string, string)[] delivery = [("delivery", "drop_oldest")];
        Assert.True(dropped > 0);
        Assert.Equal((frames, dropped), (found.Sum("mfn_frames_sent_total", delivery), found.Sum("mfn_frames_dropped_total", delivery)));
        Assert.Equal(gaps, found.Sum("mfn_watch_gaps_total", ("reason", "slow_watcher")));
        Assert.Equal(101, frames + dropped);
    }

    [Fact]
    public async Task Metrics_ADataDirectory_TellItsRoomItsReadinessAndHowFarItsLogsGo()
    {
        var data = Directory.CreateTempSubdirectory("mfn-metrics-");
        try
        {
            await using var server = await TestServer.StartAsync(AnyPort, $"Runs:DataDirectory={data.FullName}");
            await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, StepsPerSecond = 100 });

            await Patience.UntilAsync(async () => (await ScrapeAsync(server)).Sum("mfn_horizon_lag_steps") > 0);
            await Patience.UntilAsync(async () => (await ScrapeAsync(server)).Sum("mfn_ready", ("check", "disk")) == 1);
            var found = await ScrapeAsync(server);
            Assert.InRange(found.Sum("mfn_horizon_lag_steps"), 0, 200);
            Assert.InRange(found.Sum("mfn_storage_free_bytes"), 1, double.MaxValue);
            Assert.Equal(["clock", "disk", "inputs", "room", "serving"], found.ValuesOf("mfn_ready", "check").Order(StringComparer.Ordinal));
            Assert.Equal(1, found.Sum("mfn_build_info"));
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Metrics_EveryDocumentedOne_IsThereWithItsType()
    {
        await using var server = await TestServer.StartAsync(AnyPort);

        var found = await ScrapeAsync(server);

        Assert.All(server.Metrics.Definitions, metric => Assert.Equal(MetricLabel.ValueOf(metric.Kind), found.Types.GetValueOrDefault(metric.PrometheusName)));
        Assert.All(found.Types.Keys.Where(name => name.StartsWith("mfn_", StringComparison.Ordinal)), name => Assert.Contains(server.Metrics.Definitions, metric => metric.PrometheusName == name));
    }

    /// <summary>Whatever callers make up, there are as many series afterwards as there can be for methods, codes and reasons.</summary>
    [Fact]
    public async Task Metrics_NamesThatCallersMakeUp_MakeNoSeries()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        var random = new Random(1);
        await CallAsync();
        var before = await ScrapeAsync(server);

        for (var i = 0; i < 300; i++)
        {
            await CallAsync();
        }

        var after = await ScrapeAsync(server);
        Assert.Equal(before.Count, after.Count);
        Assert.Equal(301, after.Sum("mfn_rpc_started_total", ("service", "unknown"), ("method", "unknown")));
        Assert.Equal(301, after.Sum("mfn_rpc_handled_total", ("method", "unknown"), ("code", "UNIMPLEMENTED")));

        async Task CallAsync()
        {
            var method = new Method<GetRunRequest, GetRunResponse>(
                MethodType.Unary,
                $"s{random.Next()}.Service",
                $"Method{random.Next()}",
                Marshallers.Create(message => Google.Protobuf.MessageExtensions.ToByteArray(message), GetRunRequest.Parser.ParseFrom),
                Marshallers.Create(message => Google.Protobuf.MessageExtensions.ToByteArray(message), GetRunResponse.Parser.ParseFrom));
            var headers = new Metadata { { "x-correlation-id", $"id-{random.Next()}" }, { "x-api-key", $"key-{random.Next()}" } };
            var error = await Assert.ThrowsAsync<RpcException>(async () =>
                await server.Channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(headers), new GetRunRequest { RunId = $"{random.Next()}" }));
            Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
        }
    }

    [Fact]
    public async Task Listener_WhatItDoesNotServe_IsRefused()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        var url = server.MetricsUrl!;

        Assert.Equal(HttpStatusCode.NotFound, (await _http.GetAsync(new Uri($"{url}/mfn.v1.RunService/GetRun"))).StatusCode);
        using var posted = await _http.PostAsync(new Uri($"{url}/metrics"), content: null);
        Assert.Equal((HttpStatusCode.MethodNotAllowed, "GET, HEAD"), (posted.StatusCode, string.Join(", ", posted.Content.Headers.Allow)));

        using var rpc = Grpc.Net.Client.GrpcChannel.ForAddress(url);
        await Assert.ThrowsAsync<RpcException>(async () => await new RunService.RunServiceClient(rpc).GetRunAsync(new GetRunRequest()));
        using var other = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Address, "metrics")) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        Assert.DoesNotContain("mfn_", await (await _http.SendAsync(other)).Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Listener_PortIsTaken_KeepsTheServerFromStartingOnlyWhereSomebodyHasAskedForIt()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";

        var error = await Assert.ThrowsAsync<IOException>(() => TestServer.StartAsync($"Metrics:Url={url}"));
        Assert.Contains(url, error.Message, StringComparison.Ordinal);

        // Two that take the default: the second goes on without.
        string[] arguments = ["--urls=http://127.0.0.1:0", "--Logging:LogLevel:Default=None"];
        await using var first = MfnServer.Build(arguments);
        await first.StartAsync();
        await using var second = MfnServer.Build(arguments);
        await second.StartAsync();
        Assert.Null(second.Services.GetRequiredService<MetricsListener>().Url);
    }

    [Theory]
    [InlineData("https://127.0.0.1:0")]
    [InlineData("http://127.0.0.1:1;http://127.0.0.1:2")]
    [InlineData("127.0.0.1:9464")]
    [InlineData("http://127.0.0.1:9464/metrics")]
    public void Url_NotOnePlainAddress_IsRefused(string url)
    {
        var refused = Assert.Throws<InvalidSettingsException>(() => MfnServer.Build("--urls=http://127.0.0.1:0", $"--Metrics:Url={url}"));
        Assert.Contains("Metrics:Url", Assert.Single(refused.Problems), StringComparison.Ordinal);
    }

    /// <summary>What cannot be read leaves in force what was there; that is seen from outside.</summary>
    [Fact]
    public async Task Metrics_AFileThatBreaks_IsTold()
    {
        using var keys = new KeyFile();
        keys.Add(Roles.Viewer, "lab", "carol");
        await using var server = await TestServer.StartAsync(AnyPort, keys.Setting);
        (string, string)[] file = [("input", "Auth:ApiKeys:File")];
        var before = await ScrapeAsync(server);
        Assert.Equal((0, 0), (before.Sum("mfn_input_failing", file), before.Sum("mfn_input_failures_total")));
        Assert.InRange(before.Sum("mfn_input_in_force_timestamp_seconds", file), DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 60, DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1);

        await File.WriteAllTextAsync(keys.Path, "{");

        await Patience.UntilAsync(async () => (await ScrapeAsync(server)).Sum("mfn_input_failing", file) == 1);
        Assert.InRange((await ScrapeAsync(server)).Sum("mfn_input_failures_total"), 1, 60);
    }

    private async Task<Exposition> ScrapeAsync(TestServer server) => new(await _http.GetStringAsync(new Uri($"{server.MetricsUrl}/metrics")));
}
