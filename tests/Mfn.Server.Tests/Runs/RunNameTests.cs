using Google.Rpc;
using Grpc.Core;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Runs;

public sealed class RunNameTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-test-");

    private string Data => $"Runs:DataDirectory={_folder.FullName}";

    [Theory]
    [InlineData("")]
    [InlineData("1a")]
    [InlineData("-a")]
    [InlineData("Run")]
    [InlineData("a_b")]
    [InlineData("a b")]
    [InlineData("zoë")]
    [InlineData("a\\")]
    public async Task Create_BadName_IsRefusedByFieldAndValue(string name)
    {
        await using var server = await TestServer.StartAsync();
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address });
        var checkpoint = await CheckpointAsync(client);

        var created = await RefusedAsync(client.Runs.CreateAsync(new CreateRunRequest { Name = name }));
        var forked = await RefusedAsync(client.Runs.ForkAsync(new ForkRunRequest { RunId = checkpoint.RunId, Name = name }));
        var imported = await RefusedAsync(client.Runs.ImportAsync(new ImportRunStart { Name = name }, new MemoryStream(checkpoint.Bytes)));
        var listed = await RefusedAsync(server.Runs.ListRunsAsync(new ListRunsRequest { Name = name }).ResponseAsync);

        var problem = $"name must have 1 to 63 characters of a-z, 0-9 and '-', the first a letter, but was '{name}'.";
        Assert.Equal((StatusCode.InvalidArgument, problem), (created.StatusCode, created.Status.Detail));
        Assert.Equal((StatusCode.InvalidArgument, problem), (forked.StatusCode, forked.Status.Detail));
        Assert.Equal((StatusCode.InvalidArgument, $"start.{problem}"), (imported.StatusCode, imported.Status.Detail));
        Assert.Equal((StatusCode.InvalidArgument, problem), (listed.StatusCode, listed.Status.Detail));
    }

    [Theory]
    [InlineData("a\n", "name must have 1 to 63 characters of a-z, 0-9 and '-', the first a letter, but was 'a\\u{a}'.")]
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234", "name must have at most 63 characters, but had 64.")]
    public async Task Create_NameThatIsNotShown_IsRefused(string name, string expected)
    {
        await using var server = await TestServer.StartAsync();

        Assert.Equal(expected, (await RefusedAsync(server.Runs.CreateRunAsync(new CreateRunRequest { Name = name }).ResponseAsync)).Status.Detail);
    }

    [Fact]
    public async Task Create_VeryLongName_IsNotSentBackWhole()
    {
        await using var server = await TestServer.StartAsync();

        var error = await RefusedAsync(server.Runs.CreateRunAsync(new CreateRunRequest { Name = new string('a', 100_000) }).ResponseAsync);

        Assert.Equal("name must have at most 63 characters, but had 100000.", error.Status.Detail);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("x-9-")]
    [InlineData("a23456789012345678901234567890123456789012345678901234567890123")]
    public async Task Create_GoodName_IsShownAndFound(string name)
    {
        await using var server = await TestServer.StartAsync();
        var other = (await server.Runs.CreateRunAsync(new CreateRunRequest { Paused = true })).Run;

        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Paused = true, Name = name })).Run;

        Assert.Equal(("", name), (other.Name, run.Name));
        Assert.Equal(name, (await server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId })).Run.Name);
        Assert.Equal([name, ""], (await server.Runs.ListRunsAsync(new ListRunsRequest())).Runs.Select(each => each.Name));
        Assert.Equal([run.RunId], (await server.Runs.ListRunsAsync(new ListRunsRequest { Name = name })).Runs.Select(each => each.RunId));
        Assert.Empty((await server.Runs.ListRunsAsync(new ListRunsRequest { Name = "nobody" })).Runs);
    }

    [Fact]
    public async Task CreateForkImport_NameTaken_AreRefusedUntilItsRunIsDeleted()
    {
        await using var server = await TestServer.StartAsync(Data);
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address });
        var checkpoint = await CheckpointAsync(client);
        var first = await client.Runs.CreateAsync(new CreateRunRequest { Paused = true, Name = "coral" });

        var created = await RefusedAsync(client.Runs.CreateAsync(new CreateRunRequest { Name = "coral" }));
        var forked = await RefusedAsync(client.Runs.ForkAsync(new ForkRunRequest { RunId = first.RunId, Name = "coral" }));
        var imported = await RefusedAsync(client.Runs.ImportAsync(new ImportRunStart { Name = "coral" }, new MemoryStream(checkpoint.Bytes)));

        Assert.All([created, forked, imported], error =>
        {
            Assert.Equal((StatusCode.AlreadyExists, "Another live run has the name 'coral'. Choose another name, or delete that run."), (error.StatusCode, error.Status.Detail));
            var info = error.GetRpcStatus()?.GetDetail<ErrorInfo>();
            Assert.Equal(("RUN_NAME_TAKEN", "coral"), (info?.Reason, info?.Metadata["name"]));
        });
        Assert.Equal(first.RunId, (await client.Runs.FindAsync("coral"))?.RunId);
        await client.Runs.DeleteAsync(first.RunId);
        Assert.Null(await client.Runs.FindAsync("coral"));
        Assert.Equal("coral", (await client.Runs.ForkAsync(new ForkRunRequest { RunId = checkpoint.RunId, Paused = true, Name = "coral" })).Name);
    }

    [Fact]
    public async Task Create_OneNameAtTheSameTime_IsGivenOnceAndLeavesNothingOfTheOthers()
    {
        const int Count = 20;
        await using var server = await TestServer.StartAsync(Data);
        var request = new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true, Name = "one" };

        var calls = Enumerable.Range(0, Count).Select(_ => server.Runs.CreateRunAsync(request).ResponseAsync).ToList();
        var errors = new List<StatusCode>();
        foreach (var call in calls)
        {
            try
            {
                await call.Within();
            }
            catch (RpcException error)
            {
                errors.Add(error.StatusCode);
            }
        }

        Assert.Equal(Enumerable.Repeat(StatusCode.AlreadyExists, Count - 1), errors);
        var run = Assert.Single((await server.Runs.ListRunsAsync(new ListRunsRequest())).Runs);
        Assert.Equal([run.RunId], RunFolders().Select(folder => folder.Name));
    }

    [Fact]
    public async Task Fork_OfASteeredRun_TellsTheStateThatItWasForkedFrom()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address });
        var parent = await client.Runs.CreateAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true, Name = "parent" });
        using var steering = client.Runs.Steer(parent.RunId);
        await steering.SendAsync(new RunCommand { ChangeParameters = new ChangeParameters { Alpha = 0.1 } });
        await steering.SendAsync(new RunCommand { TakeSteps = new TakeSteps { Steps = 5 } });
        while ((await client.Runs.GetAsync(parent.RunId)).State != RunState.Paused)
        {
            await Task.Yield();
        }

        var now = await client.Runs.ForkAsync(new ForkRunRequest { RunId = parent.RunId, Paused = true, Changes = new ChangeParameters { Alpha = 0.15 } });
        var before = await client.Runs.ForkAsync(new ForkRunRequest { RunId = parent.RunId, Paused = true, Step = 0, Name = "before" });
        var grandchild = await client.Runs.ForkAsync(new ForkRunRequest { RunId = now.RunId, Paused = true });

        Assert.Null(parent.Origin);
        Assert.Equal(new ForkPoint { RunId = parent.RunId, Step = 5, Revision = 1 }, now.Origin);
        Assert.Equal((2, ""), (now.Revision, now.Name));
        Assert.Equal(new ForkPoint { RunId = parent.RunId, Step = 0, Revision = 0 }, before.Origin);
        Assert.Equal("before", before.Name);
        Assert.Equal(new ForkPoint { RunId = now.RunId, Step = 5, Revision = 2 }, grandchild.Origin);
    }

    [Fact]
    public async Task NameAndOrigin_ServerRestarted_AreAsBefore()
    {
        Run parent, fork;
        await using (var first = await TestServer.StartAsync(Data))
        {
            parent = (await first.Runs.CreateRunAsync(new CreateRunRequest { Paused = true, Name = "parent" })).Run;
            fork = (await first.Runs.ForkRunAsync(new ForkRunRequest { RunId = parent.RunId, Paused = true, Name = "fork" })).Run;
            await first.Runs.DeleteRunAsync(new DeleteRunRequest { RunId = parent.RunId });
        }

        await using var second = await TestServer.StartAsync(Data);

        var found = Assert.Single((await second.Runs.ListRunsAsync(new ListRunsRequest { Name = "fork" })).Runs);
        Assert.Equal((fork.RunId, "fork", parent.RunId), (found.RunId, found.Name, found.Origin.RunId));
        Assert.Equal(fork.Origin, found.Origin);
        var taken = await RefusedAsync(second.Runs.CreateRunAsync(new CreateRunRequest { Name = "fork" }).ResponseAsync);
        Assert.Equal(StatusCode.AlreadyExists, taken.StatusCode);
        Assert.Equal("parent", (await second.Runs.CreateRunAsync(new CreateRunRequest { Paused = true, Name = "parent" })).Run.Name);
    }

    [Fact]
    public async Task Restart_TwoRunsOnDiskHaveTheName_BothAreThereAndOneHasIt()
    {
        var copy = Path.Combine(_folder.FullName, "copy");
        string older, later;
        await using (var first = await TestServer.StartAsync(Data))
        {
            older = (await first.Runs.CreateRunAsync(new CreateRunRequest { Paused = true, Name = "coral" })).Run.RunId;
        }

        var folder = Assert.Single(RunFolders());
        folder.MoveTo(copy);
        await using (var second = await TestServer.StartAsync(Data))
        {
            later = (await second.Runs.CreateRunAsync(new CreateRunRequest { Paused = true, Name = "coral" })).Run.RunId;
        }

        Directory.Move(copy, Path.Combine(_folder.FullName, "runs", older));
        await using var third = await TestServer.StartAsync(Data);

        var runs = (await third.Runs.ListRunsAsync(new ListRunsRequest())).Runs;
        Assert.Equal(new[] { older, later }.Order(), runs.Select(run => run.RunId).Order());
        Assert.Equal(["", "coral"], runs.Select(run => run.Name).Order());
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static Task<RpcException> RefusedAsync(Task call) => Assert.ThrowsAsync<RpcException>(() => call.Within());

    /// <summary>A run, and a checkpoint of it.</summary>
    private static async Task<(string RunId, byte[] Bytes)> CheckpointAsync(MfnClient client)
    {
        var run = await client.Runs.CreateAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true });
        using var bytes = new MemoryStream();
        await client.Runs.ExportAsync(new ExportRunRequest { RunId = run.RunId }, bytes);
        return (run.RunId, bytes.ToArray());
    }

    private IEnumerable<DirectoryInfo> RunFolders() => new DirectoryInfo(Path.Combine(_folder.FullName, "runs")).EnumerateDirectories();
}
