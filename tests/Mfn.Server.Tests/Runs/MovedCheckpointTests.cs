using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.Cli;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Runs;

/// <summary>Checkpoints of a run that go from one server process to another.</summary>
public sealed class MovedCheckpointTests : IDisposable
{
    private const int EditStep = 150;
    private const int LastStep = 300;

    private static readonly RunCommand Edit =
        new() { CommandId = "edit", AddPotential = new AddPotential { Region = new Region { Rows = 5, Columns = 6 }, Millivolts = 9 } };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-moved-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Import_InAnotherProcessAtRandomSteps_EndsAsTheUnbrokenRun()
    {
        var random = new Random(1);
        using var here = await ServerProcess.StartAsync(Path.Combine(_folder.FullName, "here"));
        using var there = await ServerProcess.StartAsync(Path.Combine(_folder.FullName, "there"));
        foreach (var variant in (SimulationVariant[])[SimulationVariant.Model, SimulationVariant.Engine])
        {
            foreach (var isJittered in (bool[])[false, true])
            {
                var (runId, last) = await RunAsync(here, variant, isJittered);
                for (var i = 0; i < 5; i++)
                {
                    var step = random.Next(LastStep);
                    var moved = await ImportAsync(there, await ExportAsync(here, runId, step));
                    await GoOnAsync(there, moved, step);
                    Assert.Equal(last, await LastAsync(there, moved));
                    await there.Runs.DeleteRunAsync(new DeleteRunRequest { RunId = moved });
                }
            }
        }
    }

    [Fact]
    public async Task ExportThenImport_ByCommandsToTwoProcesses_EndsAsTheUnbrokenRun()
    {
        using var here = await ServerProcess.StartAsync(Path.Combine(_folder.FullName, "here"));
        using var there = await ServerProcess.StartAsync(Path.Combine(_folder.FullName, "there"));
        var (runId, last) = await RunAsync(here, SimulationVariant.Model, isJittered: true);
        var file = Path.Combine(_folder.FullName, "run.ckpt");

        var exported = await MfnProcess.RunAsync("run", "export", runId, file, "--step", "223", "--server", here.Address);
        var imported = await MfnProcess.RunAsync("run", "import", file, "--stop-after", $"{LastStep}", "--server", there.Address);

        Assert.Equal((0, ""), (exported.ExitCode, exported.Error));
        Assert.Equal(0, imported.ExitCode);
        Assert.Equal(last, await LastAsync(there, imported.Output.Trim()));
    }

    /// <summary>Lets a run go to its end; checks what it is then, and returns that.</summary>
    private static async Task<(string RunId, LastState State)> RunAsync(ServerProcess server, SimulationVariant variant, bool isJittered)
    {
        var spec = new SimulationSpec { Variant = variant, GridSize = 12, Seed = 7, SpikeProbability = 0.5, TuringEnabled = true, JitterEnabled = isJittered };
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = spec, Stop = new StopCondition { AfterStep = LastStep }, Paused = true })).Run;
        await GoOnAsync(server, run.RunId, fromStep: 0);
        var last = await LastAsync(server, run.RunId);

        using var expected = new NaiveRun(RandomSpec.ToCore(spec), [(Edit, new Applied { Step = EditStep, Revision = 1 })]);
        var volts = expected.StatesTo(LastStep).Last().Volts;
        Assert.Equal(new LastState(LastStep, Convert.ToHexString([.. expected.Identity]), HashOf(volts)), last);
        return (run.RunId, last);
    }

    /// <summary>Lets a paused run go, with the edit on the way if it has not had it.</summary>
    private static async Task GoOnAsync(ServerProcess server, string runId, long fromStep)
    {
        if (fromStep < EditStep)
        {
            await SteerAsync(server, runId, new RunCommand { CommandId = "before", TakeSteps = new TakeSteps { Steps = EditStep - fromStep } });
            var watcher = new NaiveWatcher(server.Runs, runId);
            await watcher.WatchAsync(new WatchRunRequest { Delivery = Delivery.Latest }, message => message.Step == EditStep);
        }

        if (fromStep <= EditStep)
        {
            Assert.Equal(EditStep, (await SteerAsync(server, runId, Edit)).Step);
        }

        await SteerAsync(server, runId, new RunCommand { CommandId = "after", Resume = new Resume() });
    }

    /// <summary>Watches a run to its end.</summary>
    private static async Task<LastState> LastAsync(ServerProcess server, string runId)
    {
        var watcher = new NaiveWatcher(server.Runs, runId);
        await watcher.WatchAsync(new WatchRunRequest { FieldEncoding = FieldEncoding.Float64, Delivery = Delivery.Latest });
        Assert.Equal(EndReason.Stopped, watcher.End?.Reason);
        return new LastState(watcher.Frames[^1].Step, Convert.ToHexString(watcher.End!.Identity.Span), HashOf(watcher.Frames[^1].Volts));
    }

    private static async Task<byte[]> ExportAsync(ServerProcess server, string runId, long step)
    {
        using var call = server.Runs.ExportRun(new ExportRunRequest { RunId = runId, Step = step });
        return [.. (await call.ResponseStream.ReadAllAsync().ToListAsync().AsTask().Within()).SelectMany(part => part.Chunk)];
    }

    private static async Task<string> ImportAsync(ServerProcess server, byte[] checkpoint)
    {
        using var call = server.Runs.ImportRun();
        await call.RequestStream.WriteAsync(new ImportRunRequest { Start = new ImportRunStart { Stop = new StopCondition { AfterStep = LastStep }, Paused = true } });
        await call.RequestStream.WriteAsync(new ImportRunRequest { Chunk = ByteString.CopyFrom(checkpoint) });
        await call.RequestStream.CompleteAsync();
        return (await call.ResponseAsync.Within()).Run.RunId;
    }

    private static async Task<Applied> SteerAsync(ServerProcess server, string runId, RunCommand command)
    {
        using var call = server.Runs.SteerRun();
        await call.RequestStream.WriteAsync(new SteerRunRequest { RunId = runId, Command = command });
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within());
        return call.ResponseStream.Current.Applied;
    }

    private static string HashOf(double[] volts) => Convert.ToHexString(SHA256.HashData([.. volts.SelectMany(BitConverter.GetBytes)]));

    private sealed record LastState(long Step, string Identity, string FieldHash);
}
