using FsCheck;
using FsCheck.Fluent;
using Grpc.Core;
using Grpc.Net.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.Client;

namespace Mfn.Server.Tests.Runs;

/// <summary>
/// Watchers of every encoding and delivery, cut at random while their run goes on and is steered: each has what it must have, or has been told what it
/// lacks.
/// </summary>
public sealed class LiveHistoryTests
{
    private static readonly FieldEncoding[] Encodings =
        [FieldEncoding.Float64, FieldEncoding.Float32, FieldEncoding.Quantized16, FieldEncoding.Quantized8];

    private static readonly Delivery[] Deliveries = [Delivery.Lossless, Delivery.Latest, Delivery.DropOldest, Delivery.Degrade];

    [Fact]
    public void Watch_CutBetweenMessages_IsTheRunOrToldWhatItLacks() => ForAll(6, async random =>
    {
        await using var server = await RestartedServer.StartAsync();
        var run = await CreateAsync(server, random);
        var watchers = Watchers(run, random, () => server.UpAsync);

        await AllAsync([run.SteerAsync(), .. watchers.Select(watcher => watcher.WatchAsync(maxMessages: 40))]);

        Check(run, await run.GetAsync(), watchers);
    });

    [Fact]
    public void Watch_ConnectionsCutInMessages_IsTheRunOrToldWhatItLacks() => ForAll(3, async random =>
    {
        await using var server = await RestartedServer.StartAsync();
        var run = await CreateAsync(server, random, stepsPerSecond: 1000, lastStep: 300);
        var relayed = new List<(Http2Relay Relay, GrpcChannel Channel)>();
        var watchers = Watchers(run, random, ConnectThroughRelay);
        try
        {
            await AllAsync([run.SteerAsync(), .. watchers.Select(watcher => watcher.WatchAsync(maxMessages: int.MaxValue))]);
        }
        finally
        {
            foreach (var (relay, channel) in relayed)
            {
                channel.Dispose();
                await relay.DisposeAsync();
            }
        }

        Check(run, await run.GetAsync(), watchers);
        Assert.Contains(relayed, one => one.Relay.ConnectionCount > 1);

        Func<Task<RunService.RunServiceClient>> ConnectThroughRelay()
        {
            // Asked by one connection after the other, while the test draws from its own.
            var cuts = new Random(random.Next());
            var relay = new Http2Relay(server.Address, _ => new Http2Cut(Http2Cut.Data, cuts.Next(2, 20), IsInside: cuts.Next(3) > 0));
            var channel = GrpcChannel.ForAddress(relay.Address);
            relayed.Add((relay, channel));
            return () => Task.FromResult(new RunService.RunServiceClient(channel));
        }
    });

    [Fact]
    public void Watch_ServerRestartedWithData_IsTheRunOrToldWhatItLacks() => ForAll(4, async random =>
    {
        var directory = Directory.CreateTempSubdirectory("mfn-test-");
        try
        {
            await using var server = await RestartedServer.StartAsync($"Runs:DataDirectory={directory.FullName}");
            var run = await CreateAsync(server, random, stepsPerSecond: 500, lastStep: 300);
            var watchers = Watchers(run, random, () => server.UpAsync);

            await AllAsync([run.SteerAsync(), RestartAsync(), .. watchers.Select(watcher => watcher.WatchAsync(maxMessages: 80))]);

            Check(run, await run.GetAsync(), watchers);

            async Task RestartAsync()
            {
                for (var step = random.Next(100); step < 250; step += random.Next(30, 100))
                {
                    await run.ReachAsync(step);
                    await server.RestartAsync();
                }
            }
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    });

    [Fact]
    public void Watch_ServerRestartedWithoutData_IsTheRunUpToThereThenNotFound() => ForAll(3, async random =>
    {
        await using var server = await RestartedServer.StartAsync();
        var run = await CreateAsync(server, random, stepsPerSecond: 500, lastStep: null);
        var watchers = Watchers(run, random, () => server.UpAsync);
        var watching = watchers.Select(watcher => Assert.ThrowsAsync<RpcException>(() => watcher.WatchAsync(maxMessages: 40))).ToList();
        await run.SteerAsync(random.Next(1, 15));
        await server.RestartAsync();

        Assert.All(await Task.WhenAll(watching), error => Assert.Equal(StatusCode.NotFound, error.StatusCode));
        var states = run.StatesTo(watchers.Max(watcher => watcher.LastStep) + 1);
        Assert.All(watchers, watcher => watcher.Check(states));
    });

    [Fact]
    public void Watch_AwayUntilHistoryIsTrimmed_IsTheRunWithGaps() => ForAll(3, async random =>
    {
        await using var server = await RestartedServer.StartAsync();
        var run = await CreateAsync(server, random, stepsPerSecond: 2000, lastStep: 1000, historySteps: 1);
        var watchers = Watchers(run, random, () => server.UpAsync);
        var awayCounts = new Dictionary<LiveWatcher, int>();

        await AllAsync([run.SteerAsync(), .. watchers.Select(watcher => watcher.WatchAsync(maxMessages: 40, StayAwayAsync))]);

        Check(run, await run.GetAsync(), watchers, mayBeTrimmed: true);
        Assert.All(watchers, watcher => Assert.InRange(watcher.Gaps.Count(gap => gap.Reason == GapReason.HistoryTrimmed), Count(watcher), int.MaxValue));
        Assert.Contains(watchers, watcher => Count(watcher) > 0);

        int Count(LiveWatcher watcher)
        {
            lock (awayCounts)
            {
                return awayCounts.GetValueOrDefault(watcher);
            }
        }

        async Task StayAwayAsync(LiveWatcher watcher)
        {
            await run.ReachAsync(watcher.LastStep + 200);
            if ((await run.GetAsync()).FirstAvailableStep > watcher.NextStep)
            {
                lock (awayCounts)
                {
                    awayCounts[watcher] = awayCounts.GetValueOrDefault(watcher) + 1;
                }
            }
        }
    });

    /// <summary>What it has not read is far more than all that buffers between it and the run's task.</summary>
    [Theory]
    [InlineData(Delivery.Lossless)]
    [InlineData(Delivery.Latest)]
    [InlineData(Delivery.DropOldest)]
    [InlineData(Delivery.Degrade)]
    public async Task Watch_NothingReadUntilTheRunHasStopped_IsTheRunOrToldWhatItLacks(Delivery delivery)
    {
        const int StepCount = 400;
        await using var server = await RestartedServer.StartAsync();
        var create = new CreateRunRequest { Spec = new SimulationSpec { GridSize = 32, Seed = 1, SpikeProbability = 0.5, TuringEnabled = true, JitterEnabled = true }, Stop = new StopCondition { AfterStep = StepCount } };
        var run = await SteeredRun.CreateAsync(server, create, new Random(1));
        var request = new WatchRunRequest { FromStep = 0, EveryNSteps = 1, Downsampling = 1, FieldEncoding = FieldEncoding.Float64, Delivery = delivery, BacklogFrames = 8 };
        var watcher = new LiveWatcher(run, request, new Random(1), server.UpAsync);
        using var call = await watcher.OpenAsync();
        while ((await run.GetAsync()).WatcherCount == 0)
        {
        }

        await run.SteerAsync();
        await run.ReachAsync(StepCount);
        await watcher.ReadAsync(call);

        watcher.Check(run.StatesTo(StepCount));
        Assert.Equal(delivery == Delivery.Lossless, watcher.OverrunCount == 1);
        Assert.Equal(delivery != Delivery.Lossless, watcher.Gaps.Count > 0);
        Assert.Equal(delivery == Delivery.Degrade, watcher.FellBehindCount > 0);
        Assert.Equal(delivery == Delivery.Lossless ? 2 : 1, watcher.CallCount);
    }

    private static void ForAll(int count, Func<Random, Task> property) =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => property(new Random(seed))).Check(Config.QuickThrowOnFailure.WithMaxTest(count));

    /// <summary>A run with a pace, or as fast as it can go.</summary>
    private static Task<SteeredRun> CreateAsync(RestartedServer server, Random random) => random.Next(2) == 0
        ? CreateAsync(server, random, stepsPerSecond: 1000, lastStep: 300)
        : CreateAsync(server, random, stepsPerSecond: 1_000_000, lastStep: 2000);

    private static Task<SteeredRun> CreateAsync(RestartedServer server, Random random, double stepsPerSecond, int? lastStep, long historySteps = 1_000_000)
    {
        var request = new CreateRunRequest
        {
            Spec = RandomSpec.Draw(random),
            StepsPerSecond = stepsPerSecond,
            Stop = lastStep is { } step ? new StopCondition { AfterStep = step } : new StopCondition { Never = true },
            HistorySteps = historySteps,
        };
        return SteeredRun.CreateAsync(server, request, random);
    }

    /// <summary>A watcher of each encoding with each delivery.</summary>
    private static List<LiveWatcher> Watchers(SteeredRun run, Random random, Func<Func<Task<RunService.RunServiceClient>>> connect) =>
    [
        .. from encoding in Encodings
           from delivery in Deliveries
           select new LiveWatcher(run, Request(run, random, encoding, delivery), new Random(random.Next()), connect()),
    ];

    private static WatchRunRequest Request(SteeredRun run, Random random, FieldEncoding encoding, Delivery delivery)
    {
        var request = new WatchRunRequest
        {
            EveryNSteps = random.Next(1, 6),
            FieldEncoding = encoding,
            KeyFrameInterval = random.Next(1, 5),
            Delivery = delivery,
            BacklogFrames = random.Next(1, 17),
            Downsampling = random.Next(1, 3),
        };
        if (random.Next(2) == 0)
        {
            request.FromStep = 0;
        }

        if (random.Next(3) == 0)
        {
            request.Region = new Region { Row = random.Next(3), Column = random.Next(3), Rows = 2, Columns = run.GridSize - 2 };
        }

        return request;
    }

    /// <summary>Waits for all, or for the first that fails.</summary>
    private static async Task AllAsync(IEnumerable<Task> tasks)
    {
        await foreach (var task in Task.WhenEach(tasks))
        {
            await task;
        }
    }

    private static void Check(SteeredRun run, Run last, List<LiveWatcher> watchers, bool mayBeTrimmed = false)
    {
        Assert.Equal(RunState.Stopped, last.State);
        var states = run.StatesTo(last.Step);
        Assert.Equal(last.Revision, states[^1].Revision);
        Assert.All(watchers, watcher => watcher.Check(states, mayBeTrimmed));
    }
}
