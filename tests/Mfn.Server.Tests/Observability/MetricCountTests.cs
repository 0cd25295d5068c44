using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Runs;

namespace Mfn.Server.Tests.Observability;

/// <summary>After so many frames, bytes, steps and gaps the metrics have so many.</summary>
public sealed class MetricCountTests : IDisposable
{
    private const string AnyPort = "Metrics:Url=http://127.0.0.1:0";

    private readonly HttpClient _http = new();

    public void Dispose() => _http.Dispose();

    /// <summary>A watcher of a fast run has tens of thousands of frames a second.</summary>
    [Fact]
    public async Task Metrics_OfAFrame_AllocateNothing()
    {
        await using var server = await TestServer.StartAsync();
        var (metrics, frames) = (server.Metrics, server.Metrics.FramesOf("lossless"));
        Count();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Count();
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Count()
        {
            frames.Sent.Inc();
            frames.SentBytes.Inc(16 * 1024);
            frames.Dropped.Inc(2);
            metrics.DeliveryLag.Observe(0.001);
            metrics.FirstFrame.Observe(0.001);
        }
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

    private async Task<Exposition> ScrapeAsync(TestServer server) => new(await _http.GetStringAsync(new Uri($"{server.MetricsUrl}/metrics")));
}
