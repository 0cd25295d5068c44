using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Storage;
using Mfn.Server.Tests.Durability;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Cli.Runs;

public sealed class RepairCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-repair-");

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Whatever is wrong with the log, the state after the last readable checkpoint or append is there again, and nobody takes it for the one of before.</summary>
    [Theory]
    [InlineData(DamagedFile.Insert, false)]
    [InlineData(DamagedFile.Truncate, false)]
    [InlineData(DamagedFile.OlderCopy, false)]
    [InlineData(DamagedFile.Zero, true)]
    public async Task Repair_DamagedLog_ShowsItAndContinuesAsAnotherTimeline(DamagedFile kind, bool isMark)
    {
        var history = await DurableHistory.CreateAsync(_folder.FullName, "data", isKilled: false, seed: 4);
        var before = await GetAsync(history);
        var file = isMark ? Path.Combine(RunStore.MarksName, history.RunId) : history.LogFile;
        if (isMark)
        {
            await File.WriteAllBytesAsync(Path.Combine(history.Data, file), new byte[100]);
        }
        else
        {
            new Damage(kind, file, history.AppendBoundaries[history.AppendBoundaries.Count / 3], Seed: 1).ApplyTo(history.Data, history.Older);
        }

        Assert.Equal(RunState.Damaged, (await GetAsync(history)).State);
        var bytes = await File.ReadAllBytesAsync(Path.Combine(history.Data, history.LogFile));

        var (code, shown) = await RepairAsync(history.Data);
        Assert.Equal((1, "damaged"), (code, shown.GetProperty("state").GetString()));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Path.Combine(history.Data, history.LogFile)));

        (code, var continued) = await RepairAsync(Path.Combine(history.Data, "runs", history.RunId), "--continue");
        Assert.Equal((0, "continued"), (code, continued.GetProperty("state").GetString()));
        Assert.Equal(shown.GetProperty("problem").GetString(), continued.GetProperty("problem").GetString());
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Path.Combine(continued.GetProperty("kept_at").GetString()!, "log")));

        // The server had written a checkpoint when it stopped: all is there but, maybe, the ids of some commands.
        var after = await GetAsync(history);
        Assert.Equal((before.Step, before.Revision, before.Identity), (after.Step, after.Revision, after.Identity));
        Assert.Equal((after.Step, after.Revision), (continued.GetProperty("step").GetInt64(), continued.GetProperty("revision").GetInt64()));
        Assert.NotEqual(before.Epoch, after.Epoch);
        Assert.Equal("", after.Failure);
    }

    /// <summary>Whether a run goes on is in its log alone: of one that was told to pause nobody may know it any more.</summary>
    [Fact]
    public async Task Repair_CommandToPauseIsLost_IsPaused()
    {
        var data = Path.Combine(_folder.FullName, "data");
        string id;
        await using (var server = await TestServer.StartAsync($"Runs:DataDirectory={data}"))
        {
            id = (await server.Runs.CreateRunAsync(new CreateRunRequest
            {
                Spec = new SimulationSpec { GridSize = 8 },
                StepsPerSecond = 200,
                Stop = new StopCondition { Never = true },
                HistorySteps = 20,
            })).Run.RunId;
            await server.StopAsync();
        }

        var log = await File.ReadAllBytesAsync(LogOf(data, id));
        await using (var server = await TestServer.StartAsync($"Runs:DataDirectory={data}"))
        {
            using var steering = server.Runs.SteerRun();
            await DurableHistory.SendAsync(steering, id, new Contracts.V1.RunCommand { CommandId = "lost", Pause = new Pause() });
            await server.StopAsync();
        }

        await File.WriteAllBytesAsync(LogOf(data, id), log);

        var (code, report) = await RepairAsync(data, "--continue");
        Assert.Equal((0, "continued"), (code, report.GetProperty("state").GetString()));

        await using var next = await TestServer.StartAsync($"Runs:DataDirectory={data}");
        var run = (await next.Runs.GetRunAsync(new GetRunRequest { RunId = id }).ResponseAsync.Within()).Run;
        Assert.Equal((RunState.Paused, report.GetProperty("step").GetInt64()), (run.State, run.Step));
        using var again = next.Runs.SteerRun();
        await DurableHistory.SendAsync(again, id, new Contracts.V1.RunCommand { CommandId = "further", Resume = new Resume() });
        Assert.Equal(RunState.Running, (await next.Runs.GetRunAsync(new GetRunRequest { RunId = id }).ResponseAsync.Within()).Run.State);
    }

    [Fact]
    public async Task Repair_TokenOfBefore_IsRefused()
    {
        var history = await DurableHistory.CreateAsync(_folder.FullName, "data", isKilled: false, seed: 5);
        ByteString token;
        await using (var server = await StartAsync(history))
        {
            using var watch = server.Runs.WatchRun(new WatchRunRequest { RunId = history.RunId });
            Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None).Within());
            token = watch.ResponseStream.Current.Token;
        }

        var (code, report) = await RepairAsync(Path.Combine(history.Data, "runs", history.RunId), "--new-epoch");
        Assert.Equal((0, "continued"), (code, report.GetProperty("state").GetString()));

        await using var next = await StartAsync(history);
        using var again = next.Runs.WatchRun(new WatchRunRequest { RunId = history.RunId, ResumeToken = token });
        var error = await Assert.ThrowsAsync<RpcException>(() => again.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
    }

    [Fact]
    public async Task Repair_BeginningOfTheLogAndTheMarkLost_SaysThatItCannotBeContinued()
    {
        var history = await DurableHistory.CreateAsync(_folder.FullName, "data", isKilled: false, seed: 6);
        await File.WriteAllBytesAsync(Path.Combine(history.Data, history.LogFile), new byte[1000]);

        var (code, report) = await RepairAsync(Path.Combine(history.Data, "runs", history.RunId), "--continue");

        Assert.Equal((1, "lost"), (code, report.GetProperty("state").GetString()));
        Assert.Contains("mfn run import", report.GetProperty("obstacle").GetString(), StringComparison.Ordinal);
        Assert.Equal(new byte[1000], await File.ReadAllBytesAsync(Path.Combine(history.Data, history.LogFile)));
    }

    [Fact]
    public async Task Repair_NoDataDirectoryOrOneInUse_SaysSo()
    {
        var (code, _, error) = await InProcess.RunAsync(["run", "repair", _folder.FullName]);
        Assert.Equal(2, code);
        Assert.Contains("DIR must be a data directory", error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.FullName));

        await using var server = await TestServer.StartAsync($"Runs:DataDirectory={_folder.FullName}");
        (code, _, error) = await InProcess.RunAsync(["run", "repair", _folder.FullName]);
        Assert.Equal(1, code);
        Assert.Contains("maybe because another server does", error, StringComparison.Ordinal);
    }

    private static string LogOf(string data, string runId) => Path.Combine(data, RunStore.RunsName, runId, StoredRun.LogName);

    private static Task<TestServer> StartAsync(DurableHistory history) => TestServer.StartAsync($"Runs:DataDirectory={history.Data}");

    private static async Task<Run> GetAsync(DurableHistory history)
    {
        await using var server = await StartAsync(history);
        return (await server.Runs.GetRunAsync(new GetRunRequest { RunId = history.RunId }).ResponseAsync.Within()).Run;
    }

    /// <summary>Runs the command; returns what it says of the run that is not sound, or else of the first.</summary>
    private static async Task<(int ExitCode, JsonElement Report)> RepairAsync(params string[] arguments)
    {
        var (code, output, error) = await InProcess.RunAsync(["run", "repair", .. arguments, "--json"]);
        Assert.Equal("", error);
        var reports = JsonDocument.Parse(output).RootElement.EnumerateArray().ToList();
        return (code, reports.Find(report => report.GetProperty("state").GetString() != "sound") is { ValueKind: JsonValueKind.Object } found ? found : reports[0]);
    }
}
