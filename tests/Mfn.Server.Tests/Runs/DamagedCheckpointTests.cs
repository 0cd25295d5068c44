using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mfn.Server.Tests.Runs;

/// <summary>Checkpoints are read before they are needed, and what is wrong with one is told.</summary>
public sealed class DamagedCheckpointTests : IDisposable
{
    private readonly DurableServers _servers = new();

    public void Dispose() => _servers.Dispose();

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
        await using (var server = await _servers.StartAsync())
        {
            id = await CreateWithCheckpointsAsync(server);
        }

        // Neither the first one, which the history begins with, nor the last.
        var path = Directory.GetFiles(Path.Combine(_servers.Runs, id), "checkpoint-*").Order(StringComparer.Ordinal).ElementAt(1);
        Damage(damage, path);

        using var log = new ServerLog("Mfn.Server.Runs");
        await using var next = await log.StartServerAsync($"Runs:DataDirectory={_servers.Directory}");
        await next.CheckpointScrub.Done.Within();
        var check = (await next.HealthChecks.CheckHealthAsync()).Entries["serving"];

        Assert.Equal(RunState.Paused, (await next.Runs.GetRunAsync(new GetRunRequest { RunId = id })).Run.State);
        Assert.Contains($"{Path.GetFileName(path)} of run {id} is damaged, and will be passed over where it would be needed: {problem}", log.Warnings);
        var checkedRun = await next.Runs.CheckRunAsync(new CheckRunRequest { RunId = id });
        Assert.Equal(new DamagedCheckpoint { Name = Path.GetFileName(path), Problem = problem }, Assert.Single(checkedRun.DamagedCheckpoints));
        Assert.Equal(Directory.GetFileSystemEntries(Path.Combine(_servers.Runs, id), "checkpoint-*").Length, checkedRun.CheckpointCount);
        Assert.Equal((problem, HealthStatus.Degraded), (check.Data[$"runs/{id}/{Path.GetFileName(path)}"], check.Status));
    }

    private static async Task<string> CreateWithCheckpointsAsync(TestServer server)
    {
        var id = await DurableServers.CreateAsync(server);
        for (var i = 0; i < 2; i++)
        {
            await DurableServers.SteerAsync(server, id, new RunCommand { CommandId = $"take {i}", TakeSteps = new TakeSteps { Steps = 5 } });
            await DurableServers.SteerAsync(server, id, new RunCommand { CommandId = $"keep {i}", Checkpoint = new Checkpoint() });
        }

        await DurableServers.SteerAsync(server, id);
        return id;
    }

    private static void Damage(string damage, string path)
    {
        var bytes = File.ReadAllBytes(path);
        switch (damage)
        {
            case "flipped":
                bytes[bytes.Length / 2] ^= 1;
                File.WriteAllBytes(path, bytes);
                break;
            case "cut":
                File.WriteAllBytes(path, bytes[..^1]);
                break;
            case "empty":
                File.WriteAllBytes(path, []);
                break;
            case "of another state":
                File.Copy(Path.Combine(Path.GetDirectoryName(path)!, "checkpoint-0-0"), path, overwrite: true);
                break;
            case "pipe":
                File.Delete(path);
                RunDamage.MakePipe(path);
                break;
            default:
                File.Delete(path);
                Directory.CreateDirectory(path);
                break;
        }
    }
}
