using Mfn.Client;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Runs;

namespace Mfn.Server.Tests.Client;

/// <summary>Somebody steers a durable run whose server is killed and started again at the same place.</summary>
public sealed class SteeringRestartTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-steering-");
    private int _lostCount;

    private ReconnectOptions Options => new()
    {
        InitialBackoff = TimeSpan.FromMilliseconds(20),
        MaxBackoff = TimeSpan.FromMilliseconds(100),
        Reconnecting = (_, _) => Interlocked.Increment(ref _lostCount),
    };

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task SendAsync_ServerKilledWhileCommandsAreSent_AppliesEachOnceAndInOrder()
    {
        const int CommandCount = 60;
        using var server = await KilledServer.StartAsync(_folder.FullName);
        using var client = new MfnClient(new MfnClientOptions { Address = new Uri(server.Address) });
        var run = await client.Runs.CreateAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 4 }, Paused = true });
        var applied = new List<Applied>();
        var restarting = Task.CompletedTask;
        using (var steering = client.Runs.Steer(run.RunId, Options))
        {
            for (var i = 1; i <= CommandCount; i++)
            {
                applied.Add((await steering.SendAsync(Add(millivolts: i)).Within()).Applied);
                if (i is 1 or 20 or 41)
                {
                    // Killed before the next command, or at some moment of it.
                    await restarting;
                    restarting = i == 20 ? server.RestartAsync() : Task.Run(server.RestartAsync);
                }
            }
        }

        await restarting;
        var watcher = new NaiveWatcher(server.Runs, run.RunId);
        await watcher.WatchAsync(
            new WatchRunRequest { FromStep = 0, FieldEncoding = FieldEncoding.Float64, BacklogFrames = 100 }, _ => watcher.Frames.Count == CommandCount + 1);

        Assert.Equal(Enumerable.Range(1, CommandCount).Select(revision => (long)revision), applied.Select(one => one.Revision));
        Assert.True(_lostCount > 0);
        Assert.Equal(CommandCount, (await client.Runs.GetAsync(run.RunId)).Revision);
        for (var i = 1; i <= CommandCount; i++)
        {
            Assert.Equal(watcher.Frames[i - 1].Volts[0] + (i / 1000.0), watcher.Frames[i].Volts[0]);
        }
    }

    [Fact]
    public async Task SendAsync_AppliedThenServerKilledBeforeTheAnswer_IsAnsweredByTheNextServerAndAppliedOnce()
    {
        using var server = await KilledServer.StartAsync(_folder.FullName);
        using var direct = new MfnClient(new MfnClientOptions { Address = new Uri(server.Address) });
        var run = await direct.Runs.CreateAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 4 }, Paused = true });

        // No answer of the first server passes.
        var isRestarted = false;
        await using var relay = new Http2Relay(new Uri(server.Address), _ => Volatile.Read(ref isRestarted) ? null : Http2Cut.BeforeAnswer);
        using var client = new MfnClient(new MfnClientOptions { Address = relay.Address });
        using var steering = client.Runs.Steer(run.RunId, Options);
        var sending = steering.SendAsync(Add(millivolts: 5));
        while ((await direct.Runs.GetAsync(run.RunId)).Revision == 0)
        {
        }

        await server.RestartAsync();
        Volatile.Write(ref isRestarted, true);
        var outcome = await sending.Within();
        var next = await steering.SendAsync(Add(millivolts: 5));

        Assert.Equal((1, true), (outcome.Applied.Revision, outcome.Applied.AlreadyApplied));
        Assert.Equal((2, false), (next.Applied.Revision, next.Applied.AlreadyApplied));
        Assert.Equal(2, (await direct.Runs.GetAsync(run.RunId)).Revision);
    }

    private static RunCommand Add(double millivolts) =>
        new() { AddPotential = new AddPotential { Region = new Region { Rows = 1, Columns = 1 }, Millivolts = millivolts } };
}
