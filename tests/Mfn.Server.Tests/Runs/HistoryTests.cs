using FsCheck;
using FsCheck.Fluent;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Runs;

/// <summary>Whatever happens to a watcher, it has the whole history of its run, or has been told what it lacks.</summary>
public sealed class HistoryTests
{
    private static readonly FieldEncoding[] Encodings =
        [FieldEncoding.Float64, FieldEncoding.Float32, FieldEncoding.Quantized16, FieldEncoding.Quantized8];

    [Fact]
    public void Watch_CutAnywhere_IsTheUninterruptedStream() => ForAll(20, async seed =>
    {
        await using var server = await TestServer.StartAsync();
        await CheckAsync(server, () => Task.FromResult(server), new RandomHistory(seed), new Random(seed));
    });

    [Fact]
    public void Watch_ServerRestartedAtEveryCut_IsTheUninterruptedStream() => ForAll(10, async seed =>
    {
        var directory = Directory.CreateTempSubdirectory("mfn-test-");
        TestServer? server = null;
        try
        {
            server = await TestServer.StartAsync($"Runs:DataDirectory={directory.FullName}");
            await CheckAsync(server, RestartAsync, new RandomHistory(seed), new Random(seed));
        }
        finally
        {
            if (server is not null)
            {
                await server.DisposeAsync();
            }

            directory.Delete(recursive: true);
        }

        async Task<TestServer> RestartAsync()
        {
            await server.StopAsync();
            await server.DisposeAsync();
            server = await TestServer.StartAsync($"Runs:DataDirectory={directory.FullName}");
            return server;
        }
    });

    [Fact]
    public void Watch_HistoryTrimmed_IsTheSuffixAfterAGap() => ForAll(20, async seed =>
    {
        await using var server = await TestServer.StartAsync();
        var history = new RandomHistory(seed);
        var runId = await RunAsync(server, history, historySteps: 1);

        // Checkpoints are 64 steps apart, so that a second one comes with a long run.
        await SteerAsync(server, runId, [new RunCommand { CommandId = "long", TakeSteps = new TakeSteps { Steps = 300 } }]);
        var run = (await server.Runs.GetRunAsync(new GetRunRequest { RunId = runId })).Run;
        var watcher = new NaiveWatcher(server, runId);
        await watcher.WatchAsync(
            new WatchRunRequest { FromStep = 0, FieldEncoding = FieldEncoding.Float64 }, message => message.KindCase == WatchRunResponse.KindOneofCase.CaughtUp);

        Assert.True(run.FirstAvailableStep > 0);
        var gap = Assert.Single(watcher.Gaps);
        Assert.Equal((GapReason.HistoryTrimmed, run.FirstAvailableStep), (gap.Reason, gap.FirstAvailableStep));
        Assert.Equal(WatchRunResponse.KindOneofCase.Gap, watcher.Kinds[0]);
        Assert.Equal(run.FirstAvailableStep, watcher.Frames[0].Step);
        Assert.Equal(run.Step, watcher.Frames[^1].Step);
        Assert.Equal(run.Step - run.FirstAvailableStep + 1, watcher.Frames.Select(frame => frame.Step).Distinct().Count());
        var known = history.States.ToDictionary(state => (state.Step, state.Revision), state => state.Volts);
        Assert.All(watcher.Frames.Where(frame => known.ContainsKey((frame.Step, frame.Revision))), frame => Assert.Equal(known[(frame.Step, frame.Revision)], frame.Volts));
    });

    private static void ForAll(int count, Func<int, Task> property) =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), property).Check(Config.QuickThrowOnFailure.WithMaxTest(count));

    private static async Task CheckAsync(TestServer server, Func<Task<TestServer>> onCutAsync, RandomHistory history, Random random)
    {
        var runId = await RunAsync(server, history);
        var everyNSteps = random.Next(1, 6);
        var request = new WatchRunRequest
        {
            FromStep = random.Next((int)history.LastStep + 1),
            EveryNSteps = everyNSteps,
            FieldEncoding = Encodings[random.Next(Encodings.Length)],
            KeyFrameInterval = random.Next(1, 5),
            Delivery = (Delivery)random.Next(5),
        };
        var expected = history.Due(everyNSteps, request.FromStep).ToList();

        var watcher = new NaiveWatcher(server, runId);
        while (watcher.Frames.Count < expected.Count)
        {
            // Frames until the cut, which may come in the midst of a message.
            var count = random.Next(1, 20);
            await watcher.WatchAsync(
                request,
                message => (message.Snapshot is not null || message.Delta is not null) && (--count == 0 || watcher.Frames.Count == expected.Count));
            watcher.Runs = (await onCutAsync()).Runs;
        }

        Assert.Empty(watcher.Gaps);
        Assert.Equal(expected.Select(state => (state.Step, state.Revision)), watcher.Frames.Select(frame => (frame.Step, frame.Revision)));
        foreach (var (state, frame) in expected.Zip(watcher.Frames))
        {
            frame.AssertShows(state.Volts, request.FieldEncoding);
        }

        var run = (await watcher.Runs.GetRunAsync(new GetRunRequest { RunId = runId })).Run;
        Assert.Equal(history.Identity, run.Identity.ToByteArray());
        Assert.Equal(RunState.Paused, run.State);
        Assert.Equal(history.LastStep, run.Step);
    }

    private static async Task<string> RunAsync(TestServer server, RandomHistory history, long historySteps = 1000)
    {
        var run = (await server.Runs.CreateRunAsync(history.Create(historySteps))).Run;
        await SteerAsync(server, run.RunId, history.Commands);
        return run.RunId;
    }

    /// <summary>Sends each command when the one before has taken its effect.</summary>
    private static async Task SteerAsync(TestServer server, string runId, IEnumerable<RunCommand> commands)
    {
        using var call = server.Runs.SteerRun();
        foreach (var command in commands)
        {
            await call.RequestStream.WriteAsync(new SteerRunRequest { RunId = runId, Command = command });
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within());
            Assert.Equal(SteerRunResponse.OutcomeOneofCase.Applied, call.ResponseStream.Current.OutcomeCase);
            if (command.TakeSteps is { } take)
            {
                await PausedAsync(server, runId, call.ResponseStream.Current.Applied.Step + take.Steps);
            }
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(CancellationToken.None).Within());
    }

    /// <summary>Waits until the run has paused after a step: a watcher sees the step's frame before.</summary>
    private static async Task PausedAsync(TestServer server, string runId, long step)
    {
        var watcher = new NaiveWatcher(server, runId);
        await watcher.WatchAsync(new WatchRunRequest { Delivery = Delivery.Latest }, message => message.Step >= step);
        while ((await server.Runs.GetRunAsync(new GetRunRequest { RunId = runId })).Run.State != RunState.Paused)
        {
        }
    }
}
