using System.Diagnostics;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Mfn.Server.Tests.Runs;

/// <summary>Whatever one entry of the data directory is like, all other runs are served, and what was left alone is told.</summary>
public sealed class DamagedRunTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mfn-damaged-");

    private string RunsPath => Path.Combine(_directory.FullName, "runs");

    /// <summary>What somebody may have done to a run's folder, with a part of the reason that is then told.</summary>
    public static TheoryData<string, string> Damages => new()
    {
        { "no checkpoint", "checkpoint" },
        { "only a later checkpoint", "checkpoint" },
        { "empty folder", "log is missing" },
        { "no log", "log is missing" },
        { "empty log", "log" },
        { "log is a folder", "log is a folder and no file" },
        { "log is a link", "log is a symbolic link and no file" },
        { "log is a dangling link", "log is a symbolic link and no file" },
        { "log is a pipe", "log is a device, a pipe or a socket and no file" },
        { "log of another run", "log is another log" },
        { "log is in use", "log" },
        { "checkpoint is a folder", "checkpoint" },
        { "checkpoint is a pipe", "checkpoint" },
        { "checkpoint is empty", "checkpoint" },
        { "folder is a file", "It is a file and no folder." },
        { "folder is a link", "It is a symbolic link and no folder." },
        { "folder is a dangling link", "It is a symbolic link and no folder." },
        { "folder in capitals", "Its name is written otherwise than" },
        { "leftover that is a folder", "" },
    };

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Start_OneDamagedRun_ServesTheOthersAndTellsOfIt(string damage, string reason)
    {
        var (bad, good) = await CreateTwoAsync();
        using var locked = Damage(damage, RunsPath, bad, good);
        var before = Snapshot(good);

        await using var server = await StartAsync();

        await SteerAsync(server, good);
        var listed = await server.Runs.ListRunsAsync(new ListRunsRequest());
        var found = listed.Runs.Single(run => run.RunId == bad);
        Assert.Equal(2, listed.Runs.Count);
        Assert.NotEqual(RunState.Damaged, listed.Runs.Single(run => run.RunId == good).State);
        if (reason.Length == 0)
        {
            Assert.NotEqual(RunState.Damaged, found.State);
            return;
        }

        Assert.Equal(RunState.Damaged, found.State);
        Assert.Contains(reason, found.Failure, StringComparison.Ordinal);
        Assert.DoesNotContain(_directory.FullName, found.Failure, StringComparison.Ordinal);
        Assert.Equal(found, (await server.Runs.GetRunAsync(new GetRunRequest { RunId = bad })).Run);
        Assert.Equal(found, Assert.Single((await server.Runs.ListRunsAsync(new ListRunsRequest { State = RunState.Damaged })).Runs));
        Assert.DoesNotContain(found, (await server.Runs.ListRunsAsync(new ListRunsRequest { State = RunState.Paused })).Runs);
        Assert.Equal(found, (await server.Runs.CheckRunAsync(new CheckRunRequest { RunId = bad })).Run);
        await AssertRefusedAsync(server, found);
        Assert.Equal(before, Snapshot(good));
    }

    [Fact]
    public async Task Start_OddEntries_AreInTheHealthOfAServerThatServes()
    {
        var (bad, good) = await CreateTwoAsync();
        Directory.Delete(Path.Combine(RunsPath, bad), recursive: true);
        Directory.CreateDirectory(Path.Combine(RunsPath, bad));
        Directory.CreateDirectory(Path.Combine(RunsPath, "notes"));
        await File.WriteAllTextAsync(Path.Combine(RunsPath, "read\u001bme"), "");

        await using var server = await StartAsync();
        var report = await server.HealthChecks.CheckHealthAsync();
        var check = Assert.Single(report.Entries).Value;

        Assert.Equal(HealthStatus.Degraded, check.Status);
        Assert.Equal("The server serves, but 3 entries of its data directory need somebody to look at them.", check.Description);
        Assert.Equal(
            [("runs/" + bad, "log is missing."), ("runs/notes", "No run has such a name."), ("runs/read?me", "It is a file and no folder.")],
            check.Data.Select(entry => (entry.Key, (string)entry.Value)).OrderBy(entry => entry.Key.Length == 37 ? 0 : 1).ThenBy(entry => entry.Key, StringComparer.Ordinal));
        Assert.Equal(ServingStatus.Serving, (await server.Health.CheckAsync(new HealthCheckRequest())).Status);
        Assert.Equal([bad, good], (await server.Runs.ListRunsAsync(new ListRunsRequest())).Runs.Select(run => run.RunId).OrderBy(id => id == good));
    }

    [Theory]
    [InlineData("flipped", "Its checksum is wrong.")]
    [InlineData("cut", "Its checksum is wrong.")]
    [InlineData("empty", "It is cut off.")]
    [InlineData("of another state", "It is that of step 0, revision 0.")]
    [InlineData("pipe", "It is a device, a pipe or a socket and no file.")]
    [InlineData("folder", "It is a folder and no file.")]
    public async Task Start_DamagedLaterCheckpoint_IsFoundThoughNothingNeedsIt(string damage, string problem)
    {
        string id;
        await using (var server = await StartAsync())
        {
            id = await CreateAsync(server);
            for (var i = 0; i < 2; i++)
            {
                await SteerAsync(server, id, new RunCommand { CommandId = $"take {i}", TakeSteps = new TakeSteps { Steps = 5 } });
                await SteerAsync(server, id, new RunCommand { CommandId = $"keep {i}", Checkpoint = new Checkpoint() });
            }

            await SteerAsync(server, id);
        }

        // Neither the first one, which the history begins with, nor the last.
        var path = Directory.GetFiles(Path.Combine(RunsPath, id), "checkpoint-*").Order(StringComparer.Ordinal).ElementAt(1);
        var bytes = await File.ReadAllBytesAsync(path);
        switch (damage)
        {
            case "flipped":
                bytes[bytes.Length / 2] ^= 1;
                await File.WriteAllBytesAsync(path, bytes);
                break;
            case "cut":
                await File.WriteAllBytesAsync(path, bytes[..^1]);
                break;
            case "empty":
                await File.WriteAllBytesAsync(path, []);
                break;
            case "of another state":
                File.Copy(Path.Combine(RunsPath, id, "checkpoint-0-0"), path, overwrite: true);
                break;
            case "pipe":
                File.Delete(path);
                MakePipe(path);
                break;
            default:
                File.Delete(path);
                Directory.CreateDirectory(path);
                break;
        }

        var log = new RecordedLog();
        await using var next = await log.StartServerAsync($"Runs:DataDirectory={_directory.FullName}");
        await next.CheckpointScrub.Done.Within();
        var check = Assert.Single((await next.HealthChecks.CheckHealthAsync()).Entries).Value;

        Assert.Equal(RunState.Paused, (await next.Runs.GetRunAsync(new GetRunRequest { RunId = id })).Run.State);
        Assert.Contains($"{Path.GetFileName(path)} of run {id} is damaged, and will be passed over where it would be needed: {problem}", log.Warnings);
        var checkedRun = await next.Runs.CheckRunAsync(new CheckRunRequest { RunId = id });
        Assert.Equal(new DamagedCheckpoint { Name = Path.GetFileName(path), Problem = problem }, Assert.Single(checkedRun.DamagedCheckpoints));
        Assert.Equal(Directory.GetFileSystemEntries(Path.Combine(RunsPath, id), "checkpoint-*").Length, checkedRun.CheckpointCount);
        Assert.Equal((problem, HealthStatus.Degraded), (check.Data[$"runs/{id}/{Path.GetFileName(path)}"], check.Status));
    }

    [Fact]
    public async Task Start_ManyOddEntries_AreLoggedUpToABound()
    {
        for (var i = 0; i < 250; i++)
        {
            Directory.CreateDirectory(Path.Combine(RunsPath, $"notes-{i}"));
        }

        var log = new RecordedLog();
        await using var server = await log.StartServerAsync($"Runs:DataDirectory={_directory.FullName}");

        Assert.Equal(101, log.Warnings.Count);
        Assert.Equal("150 more entries of the data directory were left alone; ListRuns shows the runs among them", log.Warnings.Last());
    }

    [Fact]
    public async Task List_PagesOfServedAndDamagedRuns_HaveEachOnce()
    {
        var ids = new List<string>();
        await using (var server = await StartAsync())
        {
            for (var i = 0; i < 7; i++)
            {
                ids.Add(await CreateAsync(server));
            }
        }

        // Of some the log says when they were created, of others nothing does.
        foreach (var id in ids.Take(2))
        {
            File.Delete(Path.Combine(RunsPath, id, "checkpoint-0-0"));
        }

        foreach (var id in ids.Skip(2).Take(2))
        {
            File.Delete(Path.Combine(RunsPath, id, "log"));
        }

        await using var next = await StartAsync();
        var listed = new List<Run>();
        var request = new ListRunsRequest { PageSize = 2 };
        do
        {
            var page = await next.Runs.ListRunsAsync(request);
            listed.AddRange(page.Runs);
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);

        Assert.Equal(ids.Order(StringComparer.Ordinal), listed.Select(run => run.RunId).Order(StringComparer.Ordinal));
        Assert.Equal(ids.Take(4).Order(StringComparer.Ordinal), listed.Where(run => run.State == RunState.Damaged).Select(run => run.RunId).Order(StringComparer.Ordinal));
        Assert.Equal(listed.OrderByDescending(run => run.CreatedUnixSeconds).Select(run => run.CreatedUnixSeconds), listed.Select(run => run.CreatedUnixSeconds));
    }

    [Fact]
    public async Task Start_SmallerLimitsThanTheRunsHave_TakesThemUpAndWarns()
    {
        string large;
        await using (var server = await StartAsync())
        {
            large = await CreateAsync(server, gridSize: 32);
            await CreateAsync(server);
            await SteerAsync(server, large, new RunCommand { CommandId = "all", ReplacePotential = new Field { Rows = 32, Columns = 32, Encoding = FieldEncoding.Float64, Values = ByteString.CopyFrom(new byte[32 * 32 * 8]) } });
            await SteerAsync(server, large);
        }

        var log = new RecordedLog();
        await using var next = await log.StartServerAsync($"Runs:DataDirectory={_directory.FullName}", "Limits:MaxGridSize=16", "Runs:MaxRuns=1", "Runs:MaxCommandsPerRun=1");

        Assert.Equal(2, (await next.Runs.GetRunAsync(new GetRunRequest { RunId = large })).Run.Revision);
        Assert.Equal(
            [
                $"Live run {large} goes on though it is over Limits:MaxGridSize: 32 where 16 are allowed",
                $"Live run {large} goes on though it is over Runs:MaxCommandsPerRun: 2 where 1 are allowed",
                "2 live runs were taken up, more than the 1 that Runs:MaxRuns allows: none can be added before enough are deleted",
            ],
            log.Warnings);
    }

    private Task<TestServer> StartAsync(params string[] settings) => TestServer.StartAsync([$"Runs:DataDirectory={_directory.FullName}", .. settings]);

    private async Task<(string Bad, string Good)> CreateTwoAsync()
    {
        await using var server = await StartAsync();
        return (await CreateAsync(server), await CreateAsync(server));
    }

    private static async Task<string> CreateAsync(TestServer server, int gridSize = 8) => (await server.Runs.CreateRunAsync(new CreateRunRequest
    {
        Spec = new SimulationSpec { GridSize = gridSize },
        Paused = true,
        Stop = new StopCondition { Never = true },
    })).Run.RunId;

    private static async Task SteerAsync(TestServer server, string runId, RunCommand? command = null)
    {
        using var call = server.Runs.SteerRun();
        await call.RequestStream.WriteAsync(new SteerRunRequest { RunId = runId, Command = command ?? new RunCommand { CommandId = "a", ChangeParameters = new ChangeParameters { Alpha = 0.1 } } });
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.NotNull(call.ResponseStream.Current.Applied);
    }

    /// <summary>Every call but those that look is refused in the same words.</summary>
    private static async Task AssertRefusedAsync(TestServer server, Run damaged)
    {
        var id = damaged.RunId;
        var expected = $"The run {id} was left alone when the server started: {damaged.Failure} Its operator can see what is left of it, and bring it back, with mfn run repair.";
        using var watch = server.Runs.WatchRun(new WatchRunRequest { RunId = id });
        using var steer = server.Runs.SteerRun();
        using var export = server.Runs.ExportRun(new ExportRunRequest { RunId = id });
        await steer.RequestStream.WriteAsync(new SteerRunRequest { RunId = id, Command = new RunCommand { CommandId = "b", Pause = new Pause() } });
        Task[] calls =
        [
            server.Runs.DeleteRunAsync(new DeleteRunRequest { RunId = id }).ResponseAsync,
            server.Runs.ForkRunAsync(new ForkRunRequest { RunId = id }).ResponseAsync,
            watch.ResponseStream.MoveNext(CancellationToken.None),
            steer.ResponseStream.MoveNext(CancellationToken.None),
            export.ResponseStream.MoveNext(CancellationToken.None),
        ];
        foreach (var call in calls)
        {
            var error = await Assert.ThrowsAsync<RpcException>(() => call);
            Assert.Equal((StatusCode.FailedPrecondition, expected), (error.StatusCode, error.Status.Detail));
        }
    }

    /// <summary>Does to the first run's folder what is said; what is returned keeps it so.</summary>
    private static FileStream? Damage(string damage, string runs, string bad, string good)
    {
        var folder = Path.Combine(runs, bad);
        var log = Path.Combine(folder, "log");
        var checkpoint = Path.Combine(folder, "checkpoint-0-0");
        var aside = Path.Combine(runs, "..", "aside");
        switch (damage)
        {
            case "no checkpoint":
                File.Delete(checkpoint);
                break;
            case "only a later checkpoint":
                File.Move(checkpoint, Path.Combine(folder, "checkpoint-7-0"));
                break;
            case "empty folder":
                File.Delete(checkpoint);
                File.Delete(log);
                break;
            case "no log":
                File.Delete(log);
                break;
            case "empty log":
                File.WriteAllText(log, "");
                break;
            case "log is a folder":
                File.Delete(log);
                Directory.CreateDirectory(log);
                break;
            case "log is a link":
                File.Move(log, aside);
                File.CreateSymbolicLink(log, aside);
                break;
            case "log is a dangling link":
                File.Delete(log);
                File.CreateSymbolicLink(log, "nowhere");
                break;
            case "log is a pipe":
                File.Delete(log);
                MakePipe(log);
                break;
            case "log of another run":
                File.Copy(Path.Combine(runs, good, "log"), log, overwrite: true);
                break;
            case "log is in use":
                return new FileStream(log, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            case "checkpoint is a folder":
                File.Delete(checkpoint);
                Directory.CreateDirectory(checkpoint);
                break;
            case "checkpoint is a pipe":
                File.Delete(checkpoint);
                MakePipe(checkpoint);
                break;
            case "checkpoint is empty":
                File.WriteAllText(checkpoint, "");
                break;
            case "folder is a file":
                Directory.Delete(folder, recursive: true);
                File.WriteAllText(folder, "");
                break;
            case "folder is a link":
                Directory.Move(folder, aside);
                Directory.CreateSymbolicLink(folder, aside);
                break;
            case "folder is a dangling link":
                Directory.Delete(folder, recursive: true);
                Directory.CreateSymbolicLink(folder, "nowhere");
                break;
            case "folder in capitals":
                Directory.Move(folder, Path.Combine(runs, bad.ToUpperInvariant()));
                break;
            case "leftover that is a folder":
                Directory.CreateDirectory(Path.Combine(runs, good + ".deleted", "deep"));
                File.WriteAllText(Path.Combine(runs, bad + ".new"), "");
                break;
            default:
                throw new ArgumentException($"There is no damage '{damage}'.", nameof(damage));
        }

        return null;
    }

    private static void MakePipe(string path)
    {
        using var making = Process.Start("mkfifo", path);
        making.WaitForExit();
        Assert.Equal(0, making.ExitCode);
    }

    /// <summary>All entries of the data directory but the lock and what the sound run has: their kinds, and what is in files that can be read.</summary>
    private List<string> Snapshot(string good) =>
    [
        .. Directory.EnumerateFileSystemEntries(RunsPath, "*", SearchOption.AllDirectories)
            .Where(path => !path.Contains(good, StringComparison.Ordinal))
            .Select(path => $"{Path.GetRelativePath(RunsPath, path)} {new FileInfo(path).LinkTarget} {(File.GetAttributes(path).HasFlag(FileAttributes.Directory) ? 0 : new FileInfo(path).Length)}")
            .Order(StringComparer.Ordinal),
    ];
}
