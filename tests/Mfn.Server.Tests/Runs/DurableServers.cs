using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Runs;

/// <summary>Servers, one after the other, with the same data directory.</summary>
internal sealed class DurableServers : IDisposable
{
    private readonly DirectoryInfo _directory = System.IO.Directory.CreateTempSubdirectory("mfn-durable-");

    public string Directory => _directory.FullName;

    /// <summary>Where the folders of runs are.</summary>
    public string Runs => Path.Combine(Directory, "runs");

    public Task<TestServer> StartAsync(params string[] settings) => TestServer.StartAsync([$"Runs:DataDirectory={Directory}", .. settings]);

    public static async Task<string> CreateAsync(TestServer server, int gridSize = 8) => (await server.Runs.CreateRunAsync(new CreateRunRequest
    {
        Spec = new SimulationSpec { GridSize = gridSize },
        Paused = true,
        Stop = new StopCondition { Never = true },
    })).Run.RunId;

    public static async Task SteerAsync(TestServer server, string runId, RunCommand? command = null)
    {
        using var call = server.Runs.SteerRun();
        await call.RequestStream.WriteAsync(new SteerRunRequest { RunId = runId, Command = command ?? new RunCommand { CommandId = "a", ChangeParameters = new ChangeParameters { Alpha = 0.1 } } });
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.NotNull(call.ResponseStream.Current.Applied);
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
