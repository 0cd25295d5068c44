using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Identity;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Identity;

/// <summary>For everybody but its tenant there is no such run.</summary>
public sealed class TenancyTests : IDisposable
{
    private const string Nobody = "00000000000000000000000000000000";

    private readonly KeyFile _keys = new();
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("mfn-tenancy-");
    private readonly Metadata _blue;
    private readonly Metadata _red;

    public TenancyTests()
    {
        _blue = new Metadata { { "x-api-key", _keys.Add(Roles.Admin, "blue") } };
        _red = new Metadata { { "x-api-key", _keys.Add(Roles.Admin, "red") } };
    }

    [Theory]
    [InlineData("get")]
    [InlineData("check")]
    [InlineData("fork")]
    [InlineData("delete")]
    [InlineData("watch")]
    [InlineData("export")]
    [InlineData("steer")]
    public async Task Run_OfAnotherTenant_IsAnsweredAsOneThatNeverWas(string call)
    {
        await using var server = await TestServer.StartAsync(_keys.Setting);
        var run = await CreateAsync(server, _blue);

        var error = await Assert.ThrowsAsync<RpcException>(() => CallAsync(run.RunId));
        var other = await Assert.ThrowsAsync<RpcException>(() => CallAsync(Nobody));

        Assert.Equal(StatusCode.NotFound, error.StatusCode);
        Assert.Equal(other.Status.Detail.Replace(Nobody, run.RunId, StringComparison.Ordinal), error.Status.Detail);

        async Task CallAsync(string id)
        {
            switch (call)
            {
                case "get":
                    await server.Runs.GetRunAsync(new GetRunRequest { RunId = id }, _red);
                    break;
                case "check":
                    await server.Runs.CheckRunAsync(new CheckRunRequest { RunId = id }, _red);
                    break;
                case "fork":
                    await server.Runs.ForkRunAsync(new ForkRunRequest { RunId = id }, _red);
                    break;
                case "delete":
                    await server.Runs.DeleteRunAsync(new DeleteRunRequest { RunId = id }, _red);
                    break;
                default:
                    await StreamAsync(server, call, id);
                    break;
            }
        }
    }

    [Fact]
    public async Task List_OfAnotherTenant_HasNoneOfThem()
    {
        await using var server = await TestServer.StartAsync(_keys.Setting);
        var run = await CreateAsync(server, _blue);

        Assert.Empty((await server.Runs.ListRunsAsync(new ListRunsRequest(), _red)).Runs);
        Assert.Empty((await server.Runs.ListRunsAsync(new ListRunsRequest { Name = "one" }, _red)).Runs);
        Assert.Equal([run.RunId], (await server.Runs.ListRunsAsync(new ListRunsRequest(), _blue)).Runs.Select(each => each.RunId));
    }

    [Fact]
    public async Task Name_OfAnotherTenantsRun_IsFree()
    {
        await using var server = await TestServer.StartAsync(_keys.Setting);
        await CreateAsync(server, _blue);

        await CreateAsync(server, _red);

        Assert.Equal(StatusCode.AlreadyExists, (await Assert.ThrowsAsync<RpcException>(() => CreateAsync(server, _red))).StatusCode);
    }

    [Fact]
    public async Task Token_OfAnotherTenantsRun_IsInvalid()
    {
        await using var server = await TestServer.StartAsync(_keys.Setting);
        var (blue, red) = (await CreateAsync(server, _blue), await CreateAsync(server, _red));
        using var call = server.Runs.WatchRun(new WatchRunRequest { RunId = blue.RunId }, _blue);
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within());
        var token = call.ResponseStream.Current.Token;

        Assert.Equal(StatusCode.NotFound, await WatchAsync(blue.RunId));
        Assert.Equal(StatusCode.InvalidArgument, await WatchAsync(red.RunId));

        async Task<StatusCode> WatchAsync(string id)
        {
            using var watch = server.Runs.WatchRun(new WatchRunRequest { RunId = id, ResumeToken = token }, _red);
            return (await Assert.ThrowsAsync<RpcException>(() => watch.ResponseStream.MoveNext(CancellationToken.None).Within())).StatusCode;
        }
    }

    [Fact]
    public async Task Tenant_OutlivesTheServer_AndItsCopiesHaveItToo()
    {
        string[] settings = [_keys.Setting, $"Runs:DataDirectory={_data.FullName}"];
        string[] ids;
        await using (var server = await TestServer.StartAsync(settings))
        {
            var run = await CreateAsync(server, _blue);
            ids = [run.RunId, await ForkAsync(server, run.RunId), await CopyAsync(server, run.RunId)];
            await server.StopAsync();
        }

        await using var next = await TestServer.StartAsync(settings);

        Assert.Equal(ids.Order(StringComparer.Ordinal), (await next.Runs.ListRunsAsync(new ListRunsRequest(), _blue)).Runs.Select(run => run.RunId).Order(StringComparer.Ordinal));
        Assert.Empty((await next.Runs.ListRunsAsync(new ListRunsRequest(), _red)).Runs);
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(async () => await next.Runs.GetRunAsync(new GetRunRequest { RunId = ids[0] }, _red))).StatusCode);
    }

    /// <summary>A run of a server without authentication, or that is older than tenants, is the default tenant's.</summary>
    [Fact]
    public async Task Run_OfNobody_IsTheDefaultTenants()
    {
        var owner = new Metadata { { "x-api-key", _keys.Add(Roles.Viewer) } };
        string id;
        await using (var server = await TestServer.StartAsync($"Runs:DataDirectory={_data.FullName}"))
        {
            id = (await CreateAsync(server, [])).RunId;
            await server.StopAsync();
        }

        await using var next = await TestServer.StartAsync($"Runs:DataDirectory={_data.FullName}", _keys.Setting);

        Assert.Equal(id, (await next.Runs.GetRunAsync(new GetRunRequest { RunId = id }, owner)).Run.RunId);
        Assert.Empty((await next.Runs.ListRunsAsync(new ListRunsRequest(), _blue)).Runs);
    }

    [Fact]
    public async Task DamagedRun_IsSeenByItsTenantAlone()
    {
        string[] settings = [_keys.Setting, $"Runs:DataDirectory={_data.FullName}"];
        string id;
        await using (var server = await TestServer.StartAsync(settings))
        {
            id = (await CreateAsync(server, _blue)).RunId;
            await server.StopAsync();
        }

        foreach (var checkpoint in Directory.EnumerateFiles(Path.Combine(_data.FullName, "runs", id)).Where(path => Path.GetFileName(path) != "log"))
        {
            await File.WriteAllTextAsync(checkpoint, "x");
        }

        await using var next = await TestServer.StartAsync(settings);

        Assert.Equal(RunState.Damaged, (await next.Runs.GetRunAsync(new GetRunRequest { RunId = id }, _blue)).Run.State);
        Assert.Empty((await next.Runs.ListRunsAsync(new ListRunsRequest(), _red)).Runs);
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(async () => await next.Runs.GetRunAsync(new GetRunRequest { RunId = id }, _red))).StatusCode);
    }

    public void Dispose()
    {
        _keys.Dispose();
        _data.Delete(recursive: true);
    }

    private async Task StreamAsync(TestServer server, string name, string id)
    {
        switch (name)
        {
            case "watch":
                using (var call = server.Runs.WatchRun(new WatchRunRequest { RunId = id }, _red))
                {
                    await call.ResponseStream.MoveNext(CancellationToken.None).Within();
                }

                break;
            case "export":
                using (var call = server.Runs.ExportRun(new ExportRunRequest { RunId = id }, _red))
                {
                    await call.ResponseStream.MoveNext(CancellationToken.None).Within();
                }

                break;
            default:
                using (var call = server.Runs.SteerRun(_red))
                {
                    await call.RequestStream.WriteAsync(new SteerRunRequest { RunId = id, Command = new RunCommand { CommandId = "a", Pause = new Pause() } });
                    await call.ResponseStream.MoveNext(CancellationToken.None).Within();
                }

                break;
        }
    }

    private async Task<string> ForkAsync(TestServer server, string id) => (await server.Runs.ForkRunAsync(new ForkRunRequest { RunId = id }, _blue)).Run.RunId;

    private async Task<string> CopyAsync(TestServer server, string id)
    {
        using var export = server.Runs.ExportRun(new ExportRunRequest { RunId = id }, _blue);
        using var import = server.Runs.ImportRun(_blue);
        await import.RequestStream.WriteAsync(new ImportRunRequest { Start = new ImportRunStart() });
        while (await export.ResponseStream.MoveNext(CancellationToken.None).Within())
        {
            await import.RequestStream.WriteAsync(new ImportRunRequest { Chunk = export.ResponseStream.Current.Chunk });
        }

        await import.RequestStream.CompleteAsync();
        return (await import).Run.RunId;
    }

    private static async Task<Run> CreateAsync(TestServer server, Metadata headers) => (await server.Runs.CreateRunAsync(
        new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Stop = new StopCondition { Never = true }, StepsPerSecond = 20, HistorySteps = 100, Name = "one" },
        headers)).Run;
}
