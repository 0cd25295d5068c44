using System.IO.Compression;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;
using Mfn.Client.Npy;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Cli;

/// <summary>What commands read and write: files, archives, pipes, links, and what is none of these.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class FileCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-cli-files-");

    public static TheoryData<string> ThreeUpdates => ["file", "archive", "pipe", "fifo"];

    [Theory]
    [MemberData(nameof(ThreeUpdates))]
    public async Task Aggregate_AnySource_IsTheSame(string source)
    {
        var file = In("updates.npy");
        NpyFile.Write(file, [1, 2, 3, 5, 8, 13], 3, 2);
        var path = source switch { "archive" => Archive(file) + ":second", "pipe" => "-", "fifo" => await FifoAsync(), _ => file };

        using var process = MfnProcess.Start("aggregate", path, "--byzantine", "1", "--rule", "median", "--out", In("out.npy"));
        if (source is "pipe" or "fifo")
        {
            await using var input = source == "pipe" ? process.Input : new FileStream(path, FileMode.Open, FileAccess.Write);
            await input.WriteAsync(await File.ReadAllBytesAsync(file));
        }

        Assert.True(await process.ExitCodeAsync() == 0, await process.Error);
        Assert.Equal([3, 5], ReadAll(In("out.npy")));
    }

    [Fact]
    public async Task Features_Pipe_IsReadFrameByFrame()
    {
        var file = In("history.npy");
        NpyFile.Write(file, [.. Enumerable.Range(0, 3 * 8 * 8).Select(i => -0.07 + (i % 13 * 0.001))], 3, 8, 8);
        var (_, expected, _) = await MfnProcess.RunAsync("features", file, "--json");

        using var process = MfnProcess.Start("features", "/dev/stdin", "--json");
        await using (process.Input)
        {
            await process.Input.WriteAsync(await File.ReadAllBytesAsync(file));
        }

        Assert.Equal(expected.Replace(file, "/dev/stdin", StringComparison.Ordinal), await process.Output.ReadToEndAsync().Within());
        Assert.StartsWith("{", expected, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-8, "Standard input cannot be used: its shape needs 1536 bytes of data, but there are 1528.")]
    [InlineData(1, "Standard input cannot be used: there is more than the 1536 bytes of data that its shape needs.")]
    public async Task Aggregate_PipeOfAnotherLength_IsRefused(int more, string reason)
    {
        var file = In("history.npy");
        NpyFile.Write(file, new double[24 * 8], 24, 8);
        var content = await File.ReadAllBytesAsync(file);
        Array.Resize(ref content, content.Length + more);

        using var process = MfnProcess.Start("aggregate", "-", "--byzantine", "1", "--rule", "median");
        await using (process.Input)
        {
            await process.Input.WriteAsync(content);
        }

        Assert.NotEqual(0, await process.ExitCodeAsync());
        Assert.Contains(reason, await process.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Aggregate_Integers_AreTakenIfCast()
    {
        var path = In("integers.npy");
        const string Header = "{'descr': '|u1', 'fortran_order': True, 'shape': (3, 2), }";
        await File.WriteAllBytesAsync(path, [0x93, .. "NUMPY"u8, 1, 0, (byte)Header.Length, 0, .. Encoding.ASCII.GetBytes(Header), 1, 3, 8, 2, 5, 13]);

        var (exitCode, _, error) = await MfnProcess.RunAsync("aggregate", path, "--byzantine", "1", "--rule", "median", "--cast", "-q", "--out", In("out.npy"));

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Equal([3, 5], ReadAll(In("out.npy")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Aggregate_SafetensorsOfThreeClients_AreConcatenatedByName(bool isElsewhere)
    {
        await using var server = isElsewhere ? await TestServer.StartAsync() : null;
        string[] files = [.. Enumerable.Range(0, 3).Select(i => WriteTensors($"client-{i}", bias: i, weights: [10 * i, 20 * i, 30 * i, 40 * i]))];
        string[] elsewhere = server is null ? [] : ["--server", server.Address.ToString()];

        var (exitCode, _, error) = await MfnProcess.RunAsync(
            ["aggregate", .. files, "--byzantine", "0", "--rule", "mean", "-q", "--out", In("out.npy"), .. elsewhere]);
        var (oneCode, _, oneError) = await MfnProcess.RunAsync(
            ["aggregate", .. files.Select(file => $"{file}:bias"), "--byzantine", "0", "--rule", "mean", "-q", "--out", In("one.npy"), .. elsewhere]);

        Assert.Equal((0, "", 0, ""), (exitCode, error, oneCode, oneError));
        Assert.Equal([1, 10, 20, 30, 40], ReadAll(In("out.npy")));
        Assert.Equal([1], ReadAll(In("one.npy")));
    }

    [Theory]
    [InlineData(728)]
    [InlineData(1024)]
    public async Task Field_ThatSimulateMade_IsTakenByEveryCommand(int gridSize)
    {
        await using var server = await TestServer.StartAsync();
        var (address, file) = (server.Address.ToString(), In("field.npy"));
        await RunAsync("simulate", "--grid", $"{gridSize}", "--steps", "1", "--out", file);

        await RunAsync("features", file);
        await RunAsync("fractal", "dimension", file);
        await RunAsync("fractal", "stability", file);
        await RunAsync("run", "create", "--grid", $"{gridSize}", "--potential", file, "--paused", "--server", address);
        var run = Assert.Single((await server.Runs.ListRunsAsync(new ListRunsRequest())).Runs);
        await RunAsync("run", "steer", run.RunId, "replace", file, "--server", address);

        Assert.Equal(1, (await server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId })).Run.Revision);

        static async Task RunAsync(params string[] arguments)
        {
            var (exitCode, _, error) = await MfnProcess.RunAsync(arguments);
            Assert.True(exitCode == 0, $"'{string.Join(' ', arguments)}' exited with {exitCode}: {error}");
        }
    }

    [Fact]
    public async Task Export_ToStandardOutput_IsWhatImportTakes()
    {
        await using var server = await TestServer.StartAsync();
        var run = await server.Runs.CreateRunAsync(new CreateRunRequest { Paused = true, Spec = new SimulationSpec { GridSize = 8 } });

        using var export = MfnProcess.Start("run", "export", run.Run.RunId, "-", "--server", server.Address.ToString());
        using var import = MfnProcess.Start("run", "import", "-", "--paused", "--server", server.Address.ToString());
        await export.Output.BaseStream.CopyToAsync(import.Input).Within();
        import.Input.Close();

        Assert.Equal(0, await export.ExitCodeAsync());
        Assert.True(await import.ExitCodeAsync() == 0, await import.Error);
        Assert.StartsWith("wrote -, ", await export.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await server.Runs.ListRunsAsync(new ListRunsRequest())).Runs.Count);
    }

    [Theory]
    [InlineData("simulate --out -", "--out must be a file, since standard output has the command's answer")]
    [InlineData("simulate --tls-ca EMPTY", "--tls-ca must not be empty.")]
    [InlineData("simulate --tls-cert EMPTY", "--tls-cert must not be empty.")]
    [InlineData("features EMPTY", "must not be empty.")]
    [InlineData("fractal stability EMPTY", "must not be empty.")]
    [InlineData("aggregate EMPTY --byzantine 1 --rule median", "must not be empty.")]
    [InlineData("aggregate a.npy EMPTY --byzantine 1 --rule median", "must not be empty.")]
    [InlineData("run create --potential EMPTY", "--potential must not be empty.")]
    [InlineData("run import EMPTY", "FILE must not be empty.")]
    [InlineData("run steer x replace EMPTY", "FILE.npy must not be empty.")]
    [InlineData("run watch x --out EMPTY", "--out must not be empty.")]
    [InlineData("serve --config EMPTY", "--config must not be empty.")]
    public async Task AnyPath_ThatIsNone_IsRefused(string arguments, string reason)
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync([.. arguments.Split(' ').Select(word => word == "EMPTY" ? "" : word)]);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private string In(string name) => Path.Join(_folder.FullName, name);

    private static double[] ReadAll(string path)
    {
        using var reader = NpyReader.Open(path);
        var values = new double[reader.Count];
        reader.Read(values);
        return values;
    }

    private string Archive(string file)
    {
        var path = In("archive.npz");
        using var archive = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        archive.CreateEntryFromFile(file, "first.npy");
        archive.CreateEntryFromFile(file, "second.npy");
        return path;
    }

    private async Task<string> FifoAsync()
    {
        var path = In("fifo");
        using var making = System.Diagnostics.Process.Start("mkfifo", path);
        await making.WaitForExitAsync().Within();
        return path;
    }

    /// <summary>The weights, in F32, are the second by name and the first in the file; the bias is in BF16.</summary>
    private string WriteTensors(string name, float bias, float[] weights)
    {
        var header = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>
        {
            ["layer.weight"] = new { dtype = "F32", shape = new[] { 2, 1, 2 }, data_offsets = new[] { 0, 16 } },
            ["bias"] = new { dtype = "BF16", shape = new[] { 1 }, data_offsets = new[] { 16, 18 } },
        });
        var path = In($"{name}.safetensors");
        File.WriteAllBytes(
            path, [.. BitConverter.GetBytes((long)header.Length), .. header, .. weights.SelectMany(BitConverter.GetBytes), .. BitConverter.GetBytes(bias)[2..]]);
        return path;
    }
}
