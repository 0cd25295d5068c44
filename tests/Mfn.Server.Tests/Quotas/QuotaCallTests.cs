using Google.Rpc;
using Grpc.Core;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Identity;
using Mfn.Server.Tests.Aggregation;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Identity;
using StatusCode = Grpc.Core.StatusCode;

namespace Mfn.Server.Tests.Quotas;

/// <summary>What callers of a server with quotas are answered.</summary>
public sealed class QuotaCallTests : IDisposable
{
    private const string Rate = "Auth:Quotas:Identity:CellStepsPerSecond";
    private const string Burst = "Auth:Quotas:Identity:BurstTime";

    // 4 million steps of cells, and what the call itself costs.
    private static readonly SimulateRequest FourMillion = new() { Spec = new SimulationSpec { GridSize = 256, Steps = 61 } };
    private static readonly SimulateRequest Small = new() { Spec = new SimulationSpec { GridSize = 8, Steps = 1 } };

    private readonly KeyFile _keys = new();
    private readonly Metadata _alice;
    private readonly Metadata _bob;

    public QuotaCallTests()
    {
        _alice = Add("alice", "lab");
        _bob = Add("bob", "lab");
    }

    [Fact]
    public async Task Call_OverTheQuota_IsRefusedAndServedAfterTheTimeTold()
    {
        // So slow that what the first call takes is not there again when it has been computed, however busy the machine is.
        await using var server = await TestServer.StartAsync(_keys.Setting, $"{Rate}=2000000", $"{Burst}=00:00:02.500");
        await server.Simulation.SimulateAsync(FourMillion, _alice);

        // All at once: each is told its own time, and nobody who waits for it is refused again.
        var waits = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Simulation.SimulateAsync(FourMillion, _alice));
            var violation = ViolationOf(error);
            Assert.Equal((StatusCode.ResourceExhausted, "identity:lab/alice", "cell_steps_per_second", 2_000_000L), (error.StatusCode, violation.Subject, violation.QuotaMetric, violation.QuotaValue));
            var wait = error.GetRetryDelay()!.Value;
            await Task.Delay(wait, TimeProvider.System, TestContext.Current.CancellationToken);
            await server.Simulation.SimulateAsync(FourMillion, _alice);
            return wait;
        }));

        Assert.Equal(4, waits.Distinct().Count());

        // Nobody else has noticed.
        await server.Simulation.SimulateAsync(FourMillion, _bob);
        await NothingIsOutstandingAsync(server);
    }

    [Fact]
    public async Task Call_ThatCostsMoreThanCanBeSavedUp_IsRefusedForGood()
    {
        await using var server = await TestServer.StartAsync(_keys.Setting, $"{Rate}=1000000", $"{Burst}=00:00:02");

        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Simulation.SimulateAsync(FourMillion, _alice));

        Assert.Equal((StatusCode.ResourceExhausted, "cell_steps_at_once", 2_000_000L), (error.StatusCode, ViolationOf(error).QuotaMetric, ViolationOf(error).QuotaValue));
        Assert.Null(error.GetRetryDelay());
        Assert.EndsWith("but identity:lab/alice can save up no more than 2000000: it will never be served at this price. Ask for less at once.", error.Status.Detail, StringComparison.Ordinal);
        await server.Simulation.SimulateAsync(Small, _alice);
    }

    /// <summary>What waits goes on as slowly as its caller may, and is not refused.</summary>
    [Fact]
    public async Task Stream_OverTheQuota_GoesOnMoreSlowly()
    {
        await using var server = await TestServer.StartAsync(_keys.Setting, $"{Rate}=1000000", $"{Burst}=00:00:01");
        var start = TimeProvider.System.GetTimestamp();

        // Two million cell-steps and more, of which a million is there.
        using var stream = server.Simulation.StreamSimulation(new StreamSimulationRequest { Spec = new SimulationSpec { GridSize = 128, Steps = 122 }, EveryNSteps = 122 }, _alice);
        while (await stream.ResponseStream.MoveNext(CancellationToken.None).Within())
        {
        }

        Assert.True(TimeProvider.System.GetElapsedTime(start) > TimeSpan.FromSeconds(0.9));
        await NothingIsOutstandingAsync(server);
    }

    [Fact]
    public async Task Run_WhoseOwnerIsOverTheQuota_GoesOnMoreSlowlyAndAnswers()
    {
        await using var server = await TestServer.StartAsync(_keys.Setting, $"{Rate}=1000000", $"{Burst}=00:00:01");
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 64, Steps = 10_000 }, HistorySteps = 0 }, _alice)).Run;
        var start = TimeProvider.System.GetTimestamp();

        // A million is 244 steps; then as many a second.
        long step;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        do
        {
            Assert.False(patience.IsCancellationRequested);
            step = (await server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId }, _bob)).Run.Step;
            Assert.True(step < 244 + 30 + (300 * TimeProvider.System.GetElapsedTime(start).TotalSeconds), $"Step {step} after {TimeProvider.System.GetElapsedTime(start)}");
        }
        while (step < 400);

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await server.Simulation.SimulateAsync(new SimulateRequest { Spec = new SimulationSpec { GridSize = 64, Steps = 200 } }, _alice));
        Assert.NotNull(refused.GetRetryDelay());
        var last = (await server.Runs.DeleteRunAsync(new DeleteRunRequest { RunId = run.RunId }, _alice)).Run;
        Assert.Equal(RunState.Running, last.State);
        await NothingIsOutstandingAsync(server);
    }

    [Fact]
    public async Task Watcher_OverTheQuota_GetsFramesMoreSlowlyAndTheRunGoesOn()
    {
        await using var server = await TestServer.StartAsync(_keys.Setting, $"{Rate}=1000000", $"{Burst}=00:00:01");
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 32, Steps = 10_000 }, StepsPerSecond = 400 }, _alice)).Run;
        using var watch = server.Runs.WatchRun(
            new WatchRunRequest { RunId = run.RunId, FieldEncoding = FieldEncoding.Float64, Delivery = Delivery.Latest, BacklogFrames = 1 }, _bob);
        var (frames, dropped, step, start) = (0, 0L, 0L, TimeProvider.System.GetTimestamp());
        while (step < 1000)
        {
            Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None).Within());
            dropped += watch.ResponseStream.Current.Gap?.DroppedFrames ?? 0;
            if (watch.ResponseStream.Current is { Snapshot: not null } or { Delta: not null })
            {
                frames++;
                step = watch.ResponseStream.Current.Step;
            }
        }

        // 1024 cells at 9 each: a hundred at once, and as many a second, of the 400.
        var seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        Assert.True(frames <= 110 * (1 + seconds), $"{frames} frames in {seconds} s");
        Assert.InRange(dropped, 1, 1000);
    }

    /// <summary>Whoever looks back pays for the steps that are computed again, and for each frame; the run's owner does not.</summary>
    [Fact]
    public async Task Watcher_OfWhatHasBeen_PaysForTheStepsAndTheFrames()
    {
        await using var server = await TestServer.StartAsync(_keys.Setting);
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 32, Steps = 40 } }, _alice)).Run;
        await Patience.UntilAsync(async () => (await server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId }, _alice)).Run.State == RunState.Stopped);
        await Patience.UntilAsync(() => server.OpenCalls.Count == 0);
        var before = server.Quotas.Totals.Settled;

        var frames = 0;
        using (var watch = server.Runs.WatchRun(new WatchRunRequest { RunId = run.RunId, FromStep = 0, EveryNSteps = 4, FieldEncoding = FieldEncoding.Float64 }, _bob))
        {
            while (await watch.ResponseStream.MoveNext(CancellationToken.None).Within())
            {
                frames += watch.ResponseStream.Current.Snapshot is null ? 0 : 1;
            }
        }

        // 1024 cells: one cell-step a step, and nine a frame of doubles with its statistics.
        await Patience.UntilAsync(() => server.OpenCalls.Count == 0);
        Assert.Equal(11, frames);
        Assert.Equal((11 * 9 * 1024) + (40 * 1024), server.Quotas.Totals.Settled - before);
    }

    [Fact]
    public async Task OpenCalls_Watchers_AndRuns_AreCountedByIdentityAndTenant()
    {
        var carol = Add("carol", "lab");
        await using var server = await TestServer.StartAsync(
            _keys.Setting, "Auth:Quotas:Identity:Watchers=1", "Auth:Quotas:Identity:LiveRuns=1", "Auth:Quotas:Tenant:LiveRuns=2", "Auth:Quotas:Identity:OpenCalls=3", "Auth:Quotas:Identity:HistoryBytes=200000");
        var create = new CreateRunRequest { Spec = new SimulationSpec { GridSize = 16 }, HistorySteps = 0, Paused = true };
        var run = (await server.Runs.CreateRunAsync(create, _alice)).Run;
        Assert.Equal("live_runs", ViolationOf(await RefuseAsync(server.Runs.CreateRunAsync(create, _alice).ResponseAsync)).QuotaMetric);
        await server.Runs.CreateRunAsync(create, _bob);
        Assert.Equal("tenant:lab", ViolationOf(await RefuseAsync(server.Runs.CreateRunAsync(create, carol).ResponseAsync)).Subject);

        await server.Runs.DeleteRunAsync(new DeleteRunRequest { RunId = run.RunId }, _alice);
        var history = await RefuseAsync(server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 256 }, HistorySteps = 1000 }, _alice).ResponseAsync);
        Assert.Equal("history_bytes", ViolationOf(history).QuotaMetric);
        Assert.Null(history.GetRetryDelay());
        run = (await server.Runs.CreateRunAsync(create, _alice)).Run;

        var watch = new WatchRunRequest { RunId = run.RunId };
        using var first = server.Runs.WatchRun(watch, _alice);
        Assert.True(await first.ResponseStream.MoveNext(CancellationToken.None).Within());
        using var second = server.Runs.WatchRun(watch, _alice);
        Assert.Equal("watchers", ViolationOf(await RefuseAsync(second.ResponseStream.MoveNext(CancellationToken.None))).QuotaMetric);
        using var other = server.Runs.WatchRun(watch, _bob);
        Assert.True(await other.ResponseStream.MoveNext(CancellationToken.None).Within());

        using var third = server.Runs.SteerRun(_alice);
        await third.ResponseHeadersAsync.Within();
        using var fourth = server.Runs.SteerRun(_alice);
        await fourth.ResponseHeadersAsync.Within();
        var calls = await RefuseAsync(server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId }, _alice).ResponseAsync);
        Assert.Equal(("open_calls", "identity:lab/alice has 3 open calls, and may have 3. End one."), (ViolationOf(calls).QuotaMetric, calls.Status.Detail));
        await server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId }, _bob);
    }

    /// <summary>A run that is there when the server starts counts against whoever created it.</summary>
    [Fact]
    public async Task Run_AfterARestart_IsItsOwners()
    {
        var data = Directory.CreateTempSubdirectory("mfn-quotas-");
        string[] settings = [_keys.Setting, $"Runs:DataDirectory={data.FullName}", "Auth:Quotas:Identity:LiveRuns=1"];
        var create = new CreateRunRequest { Spec = new SimulationSpec { GridSize = 16 }, HistorySteps = 0, Paused = true };
        await using (var before = await TestServer.StartAsync(settings))
        {
            await before.Runs.CreateRunAsync(create, _alice);
        }

        await using (var server = await TestServer.StartAsync(settings))
        {
            Assert.Equal("identity:lab/alice", ViolationOf(await RefuseAsync(server.Runs.CreateRunAsync(create, _alice).ResponseAsync)).Subject);
            await server.Runs.CreateRunAsync(create, _bob);
        }

        data.Delete(recursive: true);
    }

    [Fact]
    public async Task Upload_OverTheQuota_IsRefused()
    {
        await using var server = await TestServer.StartAsync(_keys.Setting, "Auth:Quotas:Identity:UploadBytes=65536");
        var request = Rounds.Request(Rounds.Median, 0, new float[10_000], new float[10_000]);

        var error = await RefuseAsync(server.Aggregation.AggregateAsync(request, _alice).ResponseAsync);

        Assert.Equal("upload_bytes", ViolationOf(error).QuotaMetric);
    }

    /// <summary>Another key of the same name, as rotation makes it, begins with what the old one has left.</summary>
    [Fact]
    public async Task Key_ThatWasRotated_HasTheSameBucket()
    {
        var (rotated, other) = (Add("alice", "lab"), Add("alice", "other"));
        await using var server = await TestServer.StartAsync(_keys.Setting, $"{Rate}=1000000", $"{Burst}=00:00:05");
        await server.Simulation.SimulateAsync(FourMillion, _alice);

        Assert.Equal("identity:lab/alice", ViolationOf(await RefuseAsync(server.Simulation.SimulateAsync(FourMillion, rotated).ResponseAsync)).Subject);
        await server.Simulation.SimulateAsync(FourMillion, other);
    }

    [Fact]
    public async Task Probe_OfACallerOverItsQuota_IsAnswered()
    {
        await using var server = await TestServer.StartAsync(_keys.Setting, "Auth:Quotas:Identity:OpenCalls=1");
        using var steering = server.Runs.SteerRun(_alice);
        await steering.ResponseHeadersAsync.Within();

        await server.Health.CheckAsync(new Grpc.Health.V1.HealthCheckRequest(), _alice);
        Assert.Equal("open_calls", ViolationOf(await RefuseAsync(server.Health.Watch(new Grpc.Health.V1.HealthCheckRequest(), _alice).ResponseStream.MoveNext(CancellationToken.None))).QuotaMetric);
    }

    /// <summary>What was computed of a call that was cancelled is paid for, and the rest is not.</summary>
    [Fact]
    public async Task Call_ThatIsCancelled_PaysForWhatWasComputed()
    {
        await using var server = await TestServer.StartAsync(_keys.Setting);
        using var stream = server.Simulation.StreamSimulation(
            new StreamSimulationRequest { Spec = new SimulationSpec { GridSize = 128, Steps = 10_000 }, EveryNSteps = 10 }, _alice);
        Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None).Within());
        using var cancelled = new CancellationTokenSource();
        var call = server.Simulation.SimulateAsync(new SimulateRequest { Spec = new SimulationSpec { GridSize = 128, Steps = 10_000 } }, _alice, cancellationToken: cancelled.Token);
        await Patience.UntilAsync(() => server.Quotas.Totals.Outstanding >= 128 * 128 * 10_000L, () => $"{server.Quotas.Totals}");

        await cancelled.CancelAsync();
        stream.Dispose();
        await Assert.ThrowsAsync<RpcException>(async () => await call);

        await NothingIsOutstandingAsync(server);
        var totals = server.Quotas.Totals;
        Assert.InRange(totals.Settled, 128 * 128 * 10L, totals.Reserved - 1);
        Assert.InRange(totals.Refunded, 1, totals.Reserved);
    }

    /// <summary>It has changed nothing before it waits, whatever it is.</summary>
    [Fact]
    public async Task Client_OverTheQuota_WaitsAndIsServed()
    {
        var key = _keys.Add(Roles.Operator, "lab", "carol");
        await using var server = await TestServer.StartAsync(_keys.Setting, $"{Rate}=1000000", $"{Burst}=00:00:05");
        var waits = new List<(StatusCode Status, TimeSpan Delay)>();
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address, ApiKey = key, MaxTries = 1, Retrying = (error, delay) => waits.Add((error.StatusCode, delay)) });
        await client.SimulateAsync(FourMillion);

        await client.SimulateAsync(FourMillion);
        await client.Runs.CreateAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 400 }, HistorySteps = 0, Paused = true });

        Assert.Equal(2, waits.Count);
        Assert.All(waits, wait => Assert.Equal(StatusCode.ResourceExhausted, wait.Status));
    }

    [Fact]
    public async Task Client_ThatWillNotWait_IsToldAtOnce()
    {
        var key = _keys.Add(Roles.Operator, "lab", "carol");
        await using var server = await TestServer.StartAsync(_keys.Setting, $"{Rate}=1000000", $"{Burst}=00:00:05");
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address, ApiKey = key, MaxQuotaDelay = TimeSpan.Zero });
        await client.SimulateAsync(FourMillion);

        var error = await Assert.ThrowsAsync<RpcException>(() => client.SimulateAsync(FourMillion));

        Assert.Equal("cell_steps_per_second", Assert.Single(error.GetQuotaViolations()).QuotaMetric);
        Assert.Throws<ArgumentException>(() => new MfnClient(new MfnClientOptions { Address = server.Address, MaxQuotaTries = 0 }));
        Assert.Throws<ArgumentException>(() => new MfnClient(new MfnClientOptions { Address = server.Address, MaxQuotaDelay = TimeSpan.FromTicks(-1) }));
    }

    public void Dispose() => _keys.Dispose();

    private static async Task NothingIsOutstandingAsync(TestServer server)
    {
        await Patience.UntilAsync(() => server.OpenCalls.Count == 0 && server.Quotas.Totals.Outstanding == 0, () => $"{server.OpenCalls.Count} calls, {server.Quotas.Totals}");
        var totals = server.Quotas.Totals;
        Assert.Equal(totals.Reserved, totals.Settled + totals.Refunded);
    }

    private static QuotaFailure.Types.Violation ViolationOf(RpcException error) => Assert.Single(error.GetRpcStatus()!.GetDetail<QuotaFailure>()!.Violations);

    private static async Task<RpcException> RefuseAsync(Task call)
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => call.Within());
        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        return error;
    }

    private Metadata Add(string name, string tenant) => new() { { "x-api-key", _keys.Add(Roles.Operator, tenant, name) } };
}
