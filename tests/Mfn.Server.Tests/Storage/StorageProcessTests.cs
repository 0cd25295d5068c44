using System.Globalization;
using Mfn.Server.Storage;
using Mfn.Server.Tests.GrpcStack;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mfn.Server.Tests.Storage;

public sealed class StorageProcessTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-storage-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(33)]
    public async Task Open_AfterKill_HasAllThatWasDurable(int lineCount)
    {
        using var process = StorageProcess.StartAppending(_folder.FullName);
        long acknowledged = 0;
        for (var i = 0; i < lineCount; i++)
        {
            acknowledged = long.Parse((await process.StandardOutput.ReadLineAsync().Within())!, CultureInfo.InvariantCulture);
        }

        process.Kill();
        await process.WaitForExitAsync().Within();

        using var store = new RunStore(_folder.FullName, NullLogger<RunStore>.Instance);
        using var run = store.Open(Assert.Single(store.List()));
        long[] horizons = [.. run.Log.ReadRecords().Skip(1).Select(record => record.Horizon.Step)];
        Assert.InRange(horizons.Length, acknowledged, int.MaxValue);
        Assert.Equal(Enumerable.Range(1, horizons.Length).Select(step => (long)step), horizons);
        Assert.Equal(run.Checkpoints[0].Step, run.ReadLatestCheckpoint().State.Step);
        Assert.InRange(run.Checkpoints[0].Step, acknowledged - 1, horizons.Length);
        Assert.DoesNotContain(
            Directory.GetFiles(_folder.FullName, "*", SearchOption.AllDirectories), path => path.EndsWith(".new", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Append_NoRoom_LeavesWhatWasThereAndGoesOn()
    {
        using var process = StorageProcess.StartAppendingTooMuch(_folder.FullName);
        var output = await process.StandardOutput.ReadToEndAsync().Within();
        await process.WaitForExitAsync().Within();

        Assert.Equal(0, process.ExitCode);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.Contains("could not be written", line, StringComparison.Ordinal));

        using var store = new RunStore(_folder.FullName, NullLogger<RunStore>.Instance);
        Assert.Single(Directory.GetDirectories(Path.Combine(_folder.FullName, "runs")));
        using var run = store.Open(Assert.Single(store.List()));
        Assert.Null(run.Log.Torn);
        Assert.Equal([1, 2], run.Log.ReadRecords().Skip(1).Select(record => record.Horizon.Step));
        Assert.Equal([new(2, 0), new(0, 0)], run.Checkpoints);
        Assert.Equal(2, run.ReadLatestCheckpoint().State.Step);
    }
}
