using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;
using Mfn.Contracts.V1;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Mfn.Server.Tests.Runs;

/// <summary>Whatever one entry of the data directory is like, all other runs are served, and what was left alone is told.</summary>
public sealed class DamagedRunTests : IDisposable
{
    private readonly DurableServers _servers = new();

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

    public void Dispose() => _servers.Dispose();

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Start_OneDamagedRun_ServesTheOthersAndTellsOfIt(string damage, string reason)
    {
        var (bad, good) = await CreateTwoAsync();
        using var locked = RunDamage.Do(damage, _servers.Runs, bad, good);
        var before = Snapshot(good);

        await using var server = await _servers.StartAsync();

        await DurableServers.SteerAsync(server, good);
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
        Assert.DoesNotContain(_servers.Directory, found.Failure, StringComparison.Ordinal);
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
        Directory.Delete(Path.Combine(_servers.Runs, bad), recursive: true);
        Directory.CreateDirectory(Path.Combine(_servers.Runs, bad));
        Directory.CreateDirectory(Path.Combine(_servers.Runs, "notes"));
        await File.WriteAllTextAsync(Path.Combine(_servers.Runs, "read\u001bme"), "");

        await using var server = await _servers.StartAsync();
        var report = await server.HealthChecks.CheckHealthAsync();
        var check = report.Entries["serving"];

        Assert.Equal(HealthStatus.Degraded, check.Status);
        Assert.Equal("The server serves, but 3 things need somebody to look at them.", check.Description);
        Assert.Equal(
            [("runs/" + bad, "log is missing."), ("runs/notes", "No run has such a name."), ("runs/read\\u{1b}me", "It is a file and no folder.")],
            check.Data.Select(entry => (entry.Key, (string)entry.Value)).OrderBy(entry => entry.Key.Length == 37 ? 0 : 1).ThenBy(entry => entry.Key, StringComparer.Ordinal));
        Assert.Equal(ServingStatus.Serving, (await server.Health.CheckAsync(new HealthCheckRequest())).Status);
        Assert.Equal([bad, good], (await server.Runs.ListRunsAsync(new ListRunsRequest())).Runs.Select(run => run.RunId).OrderBy(id => id == good));
    }

    [Fact]
    public async Task Start_ManyOddEntries_AreLoggedUpToABound()
    {
        for (var i = 0; i < 250; i++)
        {
            Directory.CreateDirectory(Path.Combine(_servers.Runs, $"notes-{i}"));
        }

        using var log = new ServerLog("Mfn.Server.Runs");
        await using var server = await log.StartServerAsync($"Runs:DataDirectory={_servers.Directory}");

        Assert.Equal(101, log.Warnings.Count);
        Assert.Equal("150 more entries of the data directory were left alone; ListRuns shows the runs among them", log.Warnings[^1]);
    }

    [Fact]
    public async Task List_PagesOfServedAndDamagedRuns_HaveEachOnce()
    {
        var ids = new List<string>();
        await using (var server = await _servers.StartAsync())
        {
            for (var i = 0; i < 7; i++)
            {
                ids.Add(await DurableServers.CreateAsync(server));
            }
        }

        // Of some the log says when they were created, of others nothing does.
        foreach (var id in ids.Take(2))
        {
            File.Delete(Path.Combine(_servers.Runs, id, "checkpoint-0-0"));
        }

        foreach (var id in ids.Skip(2).Take(2))
        {
            File.Delete(Path.Combine(_servers.Runs, id, "log"));
        }

        await using var next = await _servers.StartAsync();
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
        await using (var server = await _servers.StartAsync())
        {
            large = await DurableServers.CreateAsync(server, gridSize: 32);
            await DurableServers.CreateAsync(server);
            await DurableServers.SteerAsync(server, large, new RunCommand { CommandId = "all", ReplacePotential = new Field { Rows = 32, Columns = 32, Encoding = FieldEncoding.Float64, Values = ByteString.CopyFrom(new byte[32 * 32 * 8]) } });
            await DurableServers.SteerAsync(server, large);
        }

        using var log = new ServerLog("Mfn.Server.Runs");
        await using var next = await log.StartServerAsync($"Runs:DataDirectory={_servers.Directory}", "Limits:MaxGridSize=16", "Runs:MaxRuns=1", "Runs:MaxCommandsPerRun=1");

        Assert.Equal(2, (await next.Runs.GetRunAsync(new GetRunRequest { RunId = large })).Run.Revision);
        Assert.Equal(
            [
                $"Live run {large} goes on though it is over Limits:MaxGridSize: 32 where 16 are allowed",
                $"Live run {large} goes on though it is over Runs:MaxCommandsPerRun: 2 where 1 are allowed",
                "2 live runs were taken up, more than the 1 that Runs:MaxRuns allows: none can be added before enough are deleted",
            ],
            log.Warnings);
    }

    private async Task<(string Bad, string Good)> CreateTwoAsync()
    {
        await using var server = await _servers.StartAsync();
        return (await DurableServers.CreateAsync(server), await DurableServers.CreateAsync(server));
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

    /// <summary>All entries of the data directory but the lock and what the sound run has: their kinds, and what is in files that can be read.</summary>
    private List<string> Snapshot(string good) =>
    [
        .. Directory.EnumerateFileSystemEntries(_servers.Runs, "*", SearchOption.AllDirectories)
            .Where(path => !path.Contains(good, StringComparison.Ordinal))
            .Select(path => $"{Path.GetRelativePath(_servers.Runs, path)} {new FileInfo(path).LinkTarget} {(File.GetAttributes(path).HasFlag(FileAttributes.Directory) ? 0 : new FileInfo(path).Length)}")
            .Order(StringComparer.Ordinal),
    ];
}
