using System.Text.Json;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Cli.Runs;

public sealed class DamagedRunListTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mfn-damaged-list-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task ListAndGet_DamagedRun_SayWhyAndHaveNoNumbersThatNobodyKnows()
    {
        string id;
        await using (var server = await StartAsync())
        {
            id = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true, Name = "worn" })).Run.RunId;
        }

        File.Delete(Path.Combine(_directory.FullName, "runs", id, "checkpoint-0-0"));
        await using var next = await StartAsync();

        var (code, list, note) = await RunAsync("run list");
        var (_, wide, _) = await RunAsync("run list -o wide --state damaged");
        var (_, json, _) = await RunAsync("run get worn --json");
        var (_, text, _) = await RunAsync("run get worn");
        var (checkCode, check, _) = await RunAsync("run check worn");
        var (deleteCode, _, refusal) = await RunAsync($"run delete {id}");

        Assert.Equal((0, "1 run is damaged, and left alone by the server; mfn run get ID says why\n"), (code, note));
        Assert.Matches($@"\n{id[..8]} +worn +damaged +0 +0 +0\n$", list);
        Assert.EndsWith($"{id} has no usable checkpoint. There is none.\n", wide, StringComparison.Ordinal);
        Assert.Contains($"state      damaged: {id} has no usable checkpoint. There is none.\n", text, StringComparison.Ordinal);
        var answer = JsonDocument.Parse(json).RootElement;
        Assert.Equal(
            ("damaged", $"{id} has no usable checkpoint. There is none.", JsonValueKind.Null),
            (answer.GetProperty("state").GetString(), answer.GetProperty("failure").GetString(), answer.GetProperty("spec").ValueKind));
        Assert.Equal((1, $"0 checkpoints, 0 bytes, 0 damaged\nleft alone: {id} has no usable checkpoint. There is none.\n"), (checkCode, check));
        Assert.Equal(2, deleteCode);
        Assert.Contains("was left alone when the server started", refusal, StringComparison.Ordinal);

        Task<(int ExitCode, string Output, string Error)> RunAsync(string command) => MfnProcess.RunAsync([.. command.Split(' '), "--server", next.Address.ToString()]);
    }

    [Fact]
    public async Task Check_Run_TellsWhatIsDamagedByTheExitCodeToo()
    {
        await using var server = await StartAsync();
        var id = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true })).Run.RunId;
        var path = Path.Combine(_directory.FullName, "runs", id, "checkpoint-0-0");
        string[] words = ["run", "check", id, "--server", server.Address.ToString()];

        var sound = await MfnProcess.RunAsync(words);
        var bytes = await File.ReadAllBytesAsync(path);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(path, bytes);
        var worn = await MfnProcess.RunAsync(words);
        var (_, json, _) = await MfnProcess.RunAsync([.. words, "--json"]);

        Assert.Equal((0, $"1 checkpoints, {bytes.Length} bytes, 0 damaged\n", ""), sound);
        Assert.Equal((1, $"1 checkpoints, {bytes.Length} bytes, 1 damaged\ncheckpoint-0-0: Its checksum is wrong.\n", ""), worn);
        Assert.Equal("checkpoint-0-0", JsonDocument.Parse(json).RootElement.GetProperty("damaged")[0].GetProperty("name").GetString());
    }

    private Task<TestServer> StartAsync() => TestServer.StartAsync($"Runs:DataDirectory={_directory.FullName}");
}
