using Grpc.Core;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Runs;

public sealed class MeterTests
{
    [Fact]
    public async Task Meter_CallsRunsAndFrames_AreCountedUpAndDown()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxStreamsPerConnection=1", "Limits:AnnounceSpareStreams=true");
        using var counts = new Counts(server);
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true })).Run;
        var watcher = new NaiveWatcher(server, run.RunId);
        using (var call = watcher.Open(new WatchRunRequest()))
        {
            await watcher.ReadAsync(call, _ => true);
            var refused = await Assert.ThrowsAsync<RpcException>(async () => await server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId }));
            Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
            Assert.Equal((1, 1, 1, 1), (counts["mfn.rpc.open"], counts["mfn.watchers"], counts["mfn.runs"], counts["mfn.rpc.refusals"]));
            using var channel = server.Connect();
            await new RunService.RunServiceClient(channel).DeleteRunAsync(new DeleteRunRequest { RunId = run.RunId });
            await watcher.ReadAsync(call);
        }

        Assert.Equal(EndReason.Deleted, watcher.End?.Reason);
        Assert.Equal((0, 0, 1), (counts["mfn.watchers"], counts["mfn.runs"], counts["mfn.frames.sent"]));
    }
}
