using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Runs;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Runs;

public sealed class RequestQueueTests
{
    [Fact]
    public async Task Answer_WorkThatThrowsBeforeItsFirstWait_ThrowsToWhoAskedAlone()
    {
        var queue = new RequestQueue();
        var refused = queue.AskAsync<int>(() => throw new InvalidOperationException("No."), CancellationToken.None);
        var answered = queue.AskAsync(() => ValueTask.FromResult(42), CancellationToken.None);

        await queue.AnswerAsync(() => true);

        await Assert.ThrowsAsync<InvalidOperationException>(() => refused.Within());
        Assert.Equal(42, await answered.Within());
    }

    [Fact]
    public async Task Watch_NoMemoryForTheFirstFrame_IsRefusedAndTheRunGoesOn()
    {
        await using var server = await TestServer.StartAsync("Runs:MaxBacklogBytes=16777216", "Limits:MaxGridSize=2048");
        var create = new CreateRunRequest { Spec = new SimulationSpec { GridSize = 2048 }, Stop = new StopCondition { Never = true }, HistorySteps = 0, Paused = true };
        var run = (await server.Runs.CreateRunAsync(create)).Run.RunId;
        using var watch = server.Runs.WatchRun(new WatchRunRequest { RunId = run, FieldEncoding = FieldEncoding.Float32 });

        // The copy of a state takes 32 MiB.
        var error = await Assert.ThrowsAsync<RpcException>(() => watch.ResponseStream.MoveNext(CancellationToken.None).Within());

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        Assert.Equal(Contracts.V1.RunState.Paused, (await server.Runs.GetRunAsync(new GetRunRequest { RunId = run })).Run.State);
    }
}
