using Google.Protobuf;
using Grpc.Core;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Runs;

public sealed class RunTests
{
    private static CreateRunRequest Endless => new()
    {
        Spec = new SimulationSpec { GridSize = 8 },
        Stop = new StopCondition { Never = true },
        StepsPerSecond = 200,
    };

    [Fact]
    public async Task Create_AllIsWrong_IsToldAtOnce()
    {
        await using var server = await TestServer.StartAsync();

        var error = await RefusedAsync(server.Runs.CreateRunAsync(new CreateRunRequest
        {
            Spec = new SimulationSpec { GridSize = 3, Steps = 5 },
            StepsPerSecond = -1,
            Stop = new StopCondition { SteadyState = new SteadyState { ToleranceMillivolts = double.NaN, EveryNSteps = 0 } },
            HistorySteps = -1,
        }).ResponseAsync);

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal(
            "spec.grid_size must be between 4 and 1024, but was 3. spec.steps must not be set beside stop. steps_per_second must be between 0.001 and 1000000, but was -1. "
            + "stop.steady_state.tolerance_millivolts must be between 0 and 1000, but was NaN. stop.steady_state.every_n_steps must be between 1 and 10000, but was 0. "
            + "history_steps must be between 0 and 1000000, but was -1.",
            error.Status.Detail);
    }

    [Fact]
    public async Task Create_InitialFields_AreCheckedAndTaken()
    {
        await using var server = await TestServer.StartAsync();
        var cells = Enumerable.Range(0, 64).Select(i => -0.09 + (0.001 * i)).ToArray();
        var request = new CreateRunRequest
        {
            Spec = new SimulationSpec { GridSize = 8 },
            Paused = true,
            InitialFields = new InitialFields { Potential = FieldOf(cells), Activator = FieldOf([.. cells.Select(_ => 1.5)]) },
        };

        var error = await RefusedAsync(server.Runs.CreateRunAsync(request).ResponseAsync);
        request.InitialFields.Activator = null;
        var run = (await server.Runs.CreateRunAsync(request)).Run;
        var watcher = new NaiveWatcher(server, run.RunId);
        await watcher.WatchAsync(new WatchRunRequest { FieldEncoding = FieldEncoding.Float64 }, _ => true);

        Assert.Equal(
            (StatusCode.InvalidArgument, "initial_fields.activator must be between 0 and 1, but the cell in row 0, column 0 was 1.5."), (error.StatusCode, error.Status.Detail));
        Assert.Equal(cells, watcher.Frames[0].Volts);
    }

    [Fact]
    public async Task Create_HistoryOverTheCap_IsRefusedWithTheNumbers()
    {
        await using var server = await TestServer.StartAsync("Runs:MaxHistoryBytesPerRun=1048576");
        var request = new CreateRunRequest { Spec = new SimulationSpec { GridSize = 256 } };

        var error = await RefusedAsync(server.Runs.CreateRunAsync(request).ResponseAsync);
        request.HistorySteps = 0;
        var run = (await server.Runs.CreateRunAsync(request)).Run;

        Assert.Equal(
            (StatusCode.ResourceExhausted, "The history of a 256 x 256 run takes at least 4718592 bytes, but the server allows 1048576. Set history_steps to 0 to keep none."),
            (error.StatusCode, error.Status.Detail));
        Assert.Equal(0, run.HistorySteps);
    }

    [Fact]
    public async Task Create_OneRunTooMany_IsRefusedUntilOneIsDeleted()
    {
        await using var server = await TestServer.StartAsync("Runs:MaxRuns=1");
        var run = (await server.Runs.CreateRunAsync(Endless)).Run;

        var error = await RefusedAsync(server.Runs.CreateRunAsync(Endless).ResponseAsync);
        await server.Runs.DeleteRunAsync(new DeleteRunRequest { RunId = run.RunId });
        await server.Runs.CreateRunAsync(Endless);

        Assert.Equal((StatusCode.ResourceExhausted, TimeSpan.FromSeconds(1)), (error.StatusCode, error.GetRetryDelay()));
    }

    [Fact]
    public async Task List_Pages_BringEveryRunOnceTheLatestFirst()
    {
        await using var server = await TestServer.StartAsync();
        var created = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            created.Add((await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 4 }, Paused = i % 2 == 0 })).Run.RunId);
        }

        var listed = new List<string>();
        var token = "";
        do
        {
            var page = await server.Runs.ListRunsAsync(new ListRunsRequest { PageSize = 2, PageToken = token });
            listed.AddRange(page.Runs.Select(run => run.RunId));
            token = page.NextPageToken;
        }
        while (token.Length > 0);

        Assert.Equal(created.AsEnumerable().Reverse(), listed);
        var paused = await server.Runs.ListRunsAsync(new ListRunsRequest { State = RunState.Paused });
        Assert.Equal([created[4], created[2], created[0]], paused.Runs.Select(run => run.RunId));
        var error = await RefusedAsync(server.Runs.ListRunsAsync(new ListRunsRequest { PageSize = 0, PageToken = "x" }).ResponseAsync);
        Assert.Equal("page_size must be between 1 and 1000, but was 0. page_token must be the next_page_token of another page, but was 'x'.", error.Status.Detail);
    }

    [Fact]
    public async Task Delete_RunWithWatchers_EndsThemAndItsTokensAndLeavesNoBuffer()
    {
        await using var server = await TestServer.StartAsync();
        var run = (await server.Runs.CreateRunAsync(Endless)).Run;
        var watcher = new NaiveWatcher(server, run.RunId);
        using var call = watcher.Open(new WatchRunRequest { FieldEncoding = FieldEncoding.Float32, Delivery = Delivery.Latest });
        await watcher.ReadAsync(call, _ => true);

        await server.Runs.DeleteRunAsync(new DeleteRunRequest { RunId = run.RunId });
        await watcher.ReadAsync(call);

        Assert.Equal(EndReason.Deleted, watcher.End?.Reason);
        var error = await Assert.ThrowsAsync<RpcException>(() => watcher.WatchAsync(new WatchRunRequest()));
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
        Assert.Equal(0, server.Buffers.RentedCount);
    }

    [Fact]
    public async Task Delete_NobodyAsksForTheIdleTime_Happens()
    {
        await using var server = await TestServer.StartAsync("Runs:IdleTimeout=00:00:03");
        var run = (await server.Runs.CreateRunAsync(Endless)).Run;
        var watcher = new NaiveWatcher(server, run.RunId);

        // It lives as long as it is watched, and is over soon after.
        await watcher.WatchAsync(new WatchRunRequest { Delivery = Delivery.Latest }, message => message.Step > 100);
        while ((await server.Runs.ListRunsAsync(new ListRunsRequest())).Runs.Count > 0)
        {
        }

        var error = await RefusedAsync(server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId }).ResponseAsync);
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
    }

    [Fact]
    public async Task Stop_SteadyState_IsTheFirstLookedAtStepThatChangesLittle()
    {
        await using var server = await TestServer.StartAsync();
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest
        {
            Spec = new SimulationSpec { GridSize = 8, SpikeProbability = 0, TuringEnabled = false },
            Stop = new StopCondition { SteadyState = new SteadyState { ToleranceMillivolts = 0.01, EveryNSteps = 7 } },
        })).Run;
        var watcher = new NaiveWatcher(server, run.RunId);

        await watcher.WatchAsync(new WatchRunRequest { FromStep = 0, FieldEncoding = FieldEncoding.Float64, BacklogFrames = 1024 });

        var changes = watcher.Frames.Zip(watcher.Frames.Skip(1), (before, after) =>
            (after.Step, Change: before.Volts.Zip(after.Volts, (a, b) => Math.Abs(a - b)).Max())).ToList();
        Assert.Equal(changes.First(change => change.Step % 7 == 0 && change.Change <= 0.00001).Step, watcher.Frames[^1].Step);
        Assert.Equal(EndReason.Stopped, watcher.End?.Reason);
    }

    /// <summary>Whatever number it is, also one whose lower half is a step that is kept.</summary>
    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(-(1L << 32) + 1)]
    [InlineData(-1)]
    [InlineData(3)]
    [InlineData((1L << 32) + 1)]
    [InlineData(long.MaxValue)]
    public async Task ForkAndExport_StepThatIsNotKept_AreRefused(long step)
    {
        await using var server = await TestServer.StartAsync();
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Stop = new StopCondition { AfterStep = 2 } })).Run;
        var watcher = new NaiveWatcher(server.Runs, run.RunId);
        await watcher.WatchAsync(new WatchRunRequest { FromStep = 0 }).Within();
        using var export = server.Runs.ExportRun(new ExportRunRequest { RunId = run.RunId, Step = step });

        Task[] calls = [server.Runs.ForkRunAsync(new ForkRunRequest { RunId = run.RunId, Step = step }).ResponseAsync, export.ResponseStream.MoveNext(CancellationToken.None)];
        foreach (var call in calls)
        {
            var error = await Assert.ThrowsAsync<RpcException>(() => call);
            Assert.Equal((StatusCode.OutOfRange, $"step is {step}, but the run keeps the states after step 0 to 2."), (error.StatusCode, error.Status.Detail));
        }
    }

    [Fact]
    public async Task Watch_BadRequests_AreRefused()
    {
        await using var server = await TestServer.StartAsync();
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true })).Run;
        var other = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true })).Run;
        var token = await TokenAsync(server, run.RunId);
        var damaged = token.ToByteArray();
        damaged[^1] ^= 1;

        Assert.Equal(
            [
                (StatusCode.NotFound, "There is no run 'x': it was never there, was deleted, or ended with the server."),
                (StatusCode.OutOfRange, "from_step is 1, but the run is at step 0."),
                (StatusCode.InvalidArgument, $"resume_token must be a token of this run, but was one of run '{run.RunId}'."),
                (StatusCode.InvalidArgument, "resume_token must be a token that this run has given, but is damaged."),
                (StatusCode.InvalidArgument, "resume_token must be a token that this run has given, but is damaged."),
                (StatusCode.InvalidArgument, "region.rows must be between 1 and 2, but was 3. region.column must be between 0 and 7, but was -1."),
                (StatusCode.InvalidArgument, "downsampling must be between 1 and 8, but was 0."),
                (StatusCode.InvalidArgument, "every_n_steps must be between 1 and 1000000, but was 0. key_frame_interval must be 1 without a field_encoding, but was 2. backlog_frames must be between 1 and 1024, but was 1025. compatibility_level must be at least 1, but was 0. from_step must be at least 0, but was -1."),
            ],
            [
                await WatchAsync(new WatchRunRequest { RunId = "x" }),
                await WatchAsync(new WatchRunRequest { RunId = run.RunId, FromStep = 1 }),
                await WatchAsync(new WatchRunRequest { RunId = other.RunId, ResumeToken = token }),
                await WatchAsync(new WatchRunRequest { RunId = run.RunId, ResumeToken = ByteString.CopyFrom(damaged) }),
                await WatchAsync(new WatchRunRequest { RunId = run.RunId, ResumeToken = ByteString.CopyFromUtf8("x") }),
                await WatchAsync(new WatchRunRequest { RunId = run.RunId, Region = new Region { Row = 6, Column = -1, Rows = 3, Columns = 1 } }),
                await WatchAsync(new WatchRunRequest { RunId = run.RunId, Downsampling = 0 }),
                await WatchAsync(new WatchRunRequest { RunId = run.RunId, EveryNSteps = 0, KeyFrameInterval = 2, BacklogFrames = 1025, CompatibilityLevel = 0, FromStep = -1 }),
            ]);

        async Task<(StatusCode, string)> WatchAsync(WatchRunRequest request)
        {
            using var call = server.Runs.WatchRun(request);
            var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None).Within());
            return (error.StatusCode, error.Status.Detail);
        }
    }

    [Fact]
    public async Task Watch_TokenOfAnotherServer_IsOfARunThatIsNotThere()
    {
        await using var first = await TestServer.StartAsync();
        var run = (await first.Runs.CreateRunAsync(Endless)).Run;
        var token = await TokenAsync(first, run.RunId);
        await using var second = await TestServer.StartAsync();

        using var call = second.Runs.WatchRun(new WatchRunRequest { RunId = run.RunId, ResumeToken = token });

        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None).Within());
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
    }

    [Fact]
    public async Task Watch_OneWatcherTooMany_IsRefused()
    {
        await using var server = await TestServer.StartAsync("Runs:MaxWatchersPerRun=1");
        var run = (await server.Runs.CreateRunAsync(Endless)).Run;
        using var first = server.Runs.WatchRun(new WatchRunRequest { RunId = run.RunId });
        Assert.True(await first.ResponseStream.MoveNext(CancellationToken.None).Within());

        using var second = server.Runs.WatchRun(new WatchRunRequest { RunId = run.RunId });

        var error = await Assert.ThrowsAsync<RpcException>(() => second.ResponseStream.MoveNext(CancellationToken.None).Within());
        Assert.Equal(
            (StatusCode.ResourceExhausted, "The run already has 1 watchers, the most that the server allows."), (error.StatusCode, error.Status.Detail));
    }

    [Fact]
    public async Task Watch_NothingHappens_BringsHeartbeats()
    {
        await using var server = await TestServer.StartAsync("Runs:HeartbeatInterval=00:00:00.100");
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true })).Run;
        var watcher = new NaiveWatcher(server, run.RunId);

        await watcher.WatchAsync(new WatchRunRequest(), _ => watcher.Kinds.Count == 3);

        Assert.Equal(
            [WatchRunResponse.KindOneofCase.Snapshot, WatchRunResponse.KindOneofCase.Heartbeat, WatchRunResponse.KindOneofCase.Heartbeat], watcher.Kinds);
    }

    [Fact]
    public async Task Watch_ClientThatTakesNothingForTheWriteTimeout_IsCutOffAndHoldsNothing()
    {
        await using var server = await TestServer.StartAsync("Streaming:WriteTimeout=00:00:01");
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest
        {
            Spec = new SimulationSpec { GridSize = 256 },
            Stop = new StopCondition { Never = true },
        })).Run;
        using var call = server.Runs.WatchRun(
            new WatchRunRequest { RunId = run.RunId, FieldEncoding = FieldEncoding.Float64, Delivery = Delivery.DropOldest });
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within());

        while ((await server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId })).Run.WatcherCount > 0)
        {
        }

        await server.Runs.DeleteRunAsync(new DeleteRunRequest { RunId = run.RunId });
        Assert.Equal(0, server.Buffers.RentedCount);
    }

    [Fact]
    public async Task Watch_ServerStops_IsUnavailableAtOnce()
    {
        await using var server = await TestServer.StartAsync("Shutdown:DrainTime=00:01:00");
        var run = (await server.Runs.CreateRunAsync(Endless)).Run;
        using var call = server.Runs.WatchRun(new WatchRunRequest { RunId = run.RunId });
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within());

        var stopping = server.StopAsync();
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.ReadAllAsync().CountAsync().AsTask().Within());

        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        await stopping.Within();
    }

    private static Field FieldOf(double[] cells) => new()
    {
        Rows = 8,
        Columns = 8,
        Encoding = FieldEncoding.Float64,
        Values = ByteString.CopyFrom([.. cells.SelectMany(BitConverter.GetBytes)]),
    };

    private static async Task<ByteString> TokenAsync(TestServer server, string runId)
    {
        using var call = server.Runs.WatchRun(new WatchRunRequest { RunId = runId });
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within());
        return call.ResponseStream.Current.Token;
    }

    private static Task<RpcException> RefusedAsync(Task call) => Assert.ThrowsAsync<RpcException>(() => call.Within());
}
