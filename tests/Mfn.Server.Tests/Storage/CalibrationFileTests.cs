using System.Text.Json;
using Mfn.Contracts.V1;
using Mfn.Server.Storage;

namespace Mfn.Server.Tests.Storage;

/// <summary>What servers know of their speed from those before them, in their data directory.</summary>
public sealed class CalibrationFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-calibration-");
    private readonly ServerLog _log = ServerLog.Of<CalibrationFile>();

    private string Data => Path.Combine(_folder.FullName, "data");

    private string Setting => $"Runs:DataDirectory={Data}";

    private string FilePath => Path.Combine(Data, CalibrationFile.Name);

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        _log.Dispose();
    }

    [Fact]
    public async Task Restart_PredictsAsTheServerBefore()
    {
        var measured = await MeasureAsync();

        Assert.NotEmpty(measured);
        await using var next = await StartAsync();
        Assert.Equal(measured, Tell(next));
        Assert.Empty(_log.Lines);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
        }
    }

    [Fact]
    public async Task Restart_WithoutANewMeasurement_LeavesTheFileAlone()
    {
        await MeasureAsync();
        File.SetLastWriteTimeUtc(FilePath, DateTime.UnixEpoch);

        await using (var next = await StartAsync())
        {
            await next.StopAsync();
        }

        Assert.Equal(DateTime.UnixEpoch, File.GetLastWriteTimeUtc(FilePath));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"format\":1,\"machine\":")]
    [InlineData("{\"format\":2,\"machine\":\"\",\"kinds\":[]}")]
    [InlineData("{\"format\":1,\"machine\":null,\"kinds\":[]}")]
    [InlineData("{\"format\":1,\"machine\":\"$\",\"kinds\":null}")]
    [InlineData("{\"format\":1,\"machine\":\"$\",\"kinds\":[{\"name\":\"step\",\"size_class\":1}]}")]
    [InlineData("{\"format\":1,\"machine\":\"$\",\"kinds\":[{\"name\":\"step\",\"size_class\":1,\"factors\":[1,0]}]}")]
    [InlineData("{\"format\":1,\"machine\":\"$\",\"kinds\":[{\"name\":\"step\",\"size_class\":1,\"factors\":[1,1e99]}]}")]
    [InlineData("{\"format\":1,\"machine\":\"$\",\"kinds\":[null]}")]
    [InlineData("{\"format\":1,\"machine\":\"$\",\"kinds\":[],\"more\":1}")]
    public async Task Start_WithADamagedFile_SaysSoAndBeginsAnew(string text)
    {
        await MeasureAsync();
        var machine = JsonDocument.Parse(await File.ReadAllTextAsync(FilePath)).RootElement.GetProperty("machine").GetString();
        await File.WriteAllTextAsync(FilePath, text.Replace("$", machine, StringComparison.Ordinal));

        await using (var server = await StartAsync())
        {
            Assert.Empty(Tell(server));
            Assert.StartsWith($"The calibration in {FilePath} cannot be used, and is begun anew: ", Assert.Single(_log.Warnings), StringComparison.Ordinal);
            await ComputeAsync(server);
            await server.StopAsync();
        }

        await using var next = await TestServer.StartAsync(Setting);
        Assert.NotEmpty(Tell(next));
    }

    [Fact]
    public async Task Start_WithAFolderInItsPlace_ServesAllTheSame()
    {
        Directory.CreateDirectory(Path.Combine(FilePath, "something"));

        await using (var server = await StartAsync())
        {
            await ComputeAsync(server);
            await server.StopAsync();
        }

        Assert.Collection(
            _log.Warnings,
            read => Assert.Equal($"The calibration in {FilePath} cannot be used, and is begun anew: it is a folder and no file", read),
            save => Assert.StartsWith("The calibration cannot be kept: ", save, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_WithTheFileOfAnotherMachine_BeginsAnew()
    {
        await MeasureAsync();
        await File.WriteAllTextAsync(FilePath, "{\"format\":1,\"machine\":\"96 threads, 128 bits\",\"kinds\":[{\"name\":\"step reference euler f64\",\"size_class\":6,\"factors\":[7]}]}");

        await using var server = await StartAsync();

        Assert.Empty(Tell(server));
        Assert.Empty(_log.Warnings);
        Assert.Equal($"The calibration in {FilePath} is of another machine, and is begun anew", Assert.Single(_log.Lines).Message);
    }

    [Fact]
    public async Task WithoutADataDirectory_NothingIsKept()
    {
        await using (var server = await _log.StartServerAsync())
        {
            await ComputeAsync(server);
            Assert.NotEmpty(Tell(server));
            await server.StopAsync();
        }

        await using var next = await TestServer.StartAsync();
        Assert.Empty(Tell(next));
    }

    private static async Task ComputeAsync(TestServer server)
    {
        // Some milliseconds of steps, so that their time means something.
        await server.Simulation.SimulateAsync(new SimulateRequest { Spec = new SimulationSpec { GridSize = 64, Steps = 1000 } });
    }

    private static IReadOnlyList<string> Tell(TestServer server) =>
        [.. server.Calibration.Latest.Select(each => $"{each.Kind.Name} {each.Kind.SizeClass}: {string.Join(' ', each.Factors)}")];

    private async Task<IReadOnlyList<string>> MeasureAsync()
    {
        await using var server = await TestServer.StartAsync(Setting);
        await ComputeAsync(server);
        await server.StopAsync();
        return Tell(server);
    }

    // The log ends with its server.
    private Task<TestServer> StartAsync() => _log.StartServerAsync(Setting);
}
