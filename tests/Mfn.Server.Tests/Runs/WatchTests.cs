using Mfn.Contracts.V1;
using Mfn.Core.Simulation;
using CoreSpec = Mfn.Core.Simulation.SimulationSpec;
using SimulationSpec = Mfn.Contracts.V1.SimulationSpec;

namespace Mfn.Server.Tests.Runs;

public sealed class WatchTests
{
    private const int GridSize = 8;
    private const int StepCount = 40;

    private static CreateRunRequest ShortRun => new() { Spec = new SimulationSpec { GridSize = GridSize, Steps = StepCount } };

    [Fact]
    public async Task Watch_FromStep0_BringsEveryFieldToTheBitThenTheEnd()
    {
        await using var server = await TestServer.StartAsync();
        var run = (await server.Runs.CreateRunAsync(ShortRun)).Run;
        var watcher = new NaiveWatcher(server, run.RunId);

        await watcher.WatchAsync(new WatchRunRequest { FromStep = 0, FieldEncoding = FieldEncoding.Float64, BacklogFrames = 100 });

        Assert.Equal(Enumerable.Range(0, StepCount + 1).Select(step => (long)step), watcher.Frames.Select(frame => frame.Step));
        Assert.Equal(NaiveFields(), watcher.Frames.Select(frame => frame.Volts));
        Assert.Equal(EndReason.Stopped, watcher.End?.Reason);
        Assert.Empty(watcher.Gaps);
    }

    [Theory]
    [InlineData(FieldEncoding.Float64, 1)]
    [InlineData(FieldEncoding.Float32, 5)]
    [InlineData(FieldEncoding.Quantized16, 5)]
    [InlineData(FieldEncoding.Quantized8, 1)]
    public async Task Watch_CutAfterEveryFrame_ReassemblesTheWholeStream(FieldEncoding encoding, int keyFrameInterval)
    {
        await using var server = await TestServer.StartAsync();
        var run = (await server.Runs.CreateRunAsync(ShortRun)).Run;
        var request = new WatchRunRequest { FromStep = 0, FieldEncoding = encoding, KeyFrameInterval = keyFrameInterval, EveryNSteps = 3, BacklogFrames = 100 };
        var whole = new NaiveWatcher(server, run.RunId);
        await whole.WatchAsync(request);

        var cut = new NaiveWatcher(server, run.RunId);
        while (cut.End is null)
        {
            await cut.WatchAsync(request, isEnough: message => message.Snapshot is not null || message.Delta is not null);
        }

        Assert.Equal([.. Enumerable.Range(0, 14).Select(i => 3L * i), StepCount], whole.Frames.Select(frame => frame.Step));
        Assert.Equal(whole.Frames.Select(frame => (frame.Step, frame.Revision)), cut.Frames.Select(frame => (frame.Step, frame.Revision)));
        Assert.Equal(whole.Frames.Select(frame => frame.Volts), cut.Frames.Select(frame => frame.Volts));
        Assert.Empty(cut.Gaps);
    }

    private static List<double[]> NaiveFields()
    {
        using var engine = new SimulationEngine(new CoreSpec { GridSize = GridSize, StepCount = StepCount });
        var fields = new List<double[]> { engine.Potential.ToArray() };
        while (engine.Step < StepCount)
        {
            engine.TakeStep();
            fields.Add(engine.Potential.ToArray());
        }

        return fields;
    }
}
