using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Simulation;
using Mfn.Server.Tests.GrpcStack;
using SimulationService = Mfn.Contracts.V1.SimulationService;

namespace Mfn.Server.Tests.Simulation;

public sealed class CancellationTests
{
    // More than a test's patience, so that only cancellation ends it.
    private static readonly SimulationSpec LongRun = new() { GridSize = 512, Steps = 10_000 };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task StreamSimulation_ClientGoesAway_TheRunEndsWithinAStep(bool byDisposing)
    {
        await using var server = await TestServer.StartAsync();
        using var cancellation = new CancellationTokenSource();
        var call = server.Simulation.StreamSimulation(new StreamSimulationRequest { Spec = LongRun }, cancellationToken: cancellation.Token);
        var run = await server.TheSimulationAsync(call);
        var stepWhenCancelled = StepWhenCancelled(run);

        if (byDisposing)
        {
            call.Dispose();
        }
        else
        {
            await cancellation.CancelAsync();
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.Completion.Within());
        Assert.InRange(run.Step - await stepWhenCancelled.Within(), 0, 1);
        call.Dispose();
    }

    [Fact]
    public async Task StreamSimulation_DeadlinePasses_TheRunEndsWithinAStep()
    {
        await using var server = await TestServer.StartAsync();
        using var call = server.Simulation.StreamSimulation(new StreamSimulationRequest { Spec = LongRun }, deadline: DateTime.UtcNow.AddSeconds(1));
        var run = await server.TheSimulationAsync(call);
        var stepWhenCancelled = StepWhenCancelled(run);

        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.ReadAllAsync().CountAsync().AsTask());

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.Completion.Within());
        Assert.InRange(run.Step - await stepWhenCancelled.Within(), 0, 1);
    }

    [Fact]
    public async Task Simulate_DeadlinePasses_FreesTheRun()
    {
        await using var server = await TestServer.StartAsync();

        var error = await Assert.ThrowsAsync<RpcException>(
            async () => await server.Simulation.SimulateAsync(new SimulateRequest { Spec = LongRun }, deadline: DateTime.UtcNow.AddMilliseconds(300)));

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        await server.Places.StopAccepting().Within();
        Assert.Empty(server.Simulations.Active);
    }

    [Fact]
    public async Task Calls_200ClientsStartAndCancelAtRandom_NothingLeaks()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxConcurrentComputations=200");
        var random = new Random(20_26);
        var plans = Enumerable.Range(0, 200).Select(_ => (FramesToRead: random.Next(0, 6), Grid: random.Next(4, 200), Kind: random.Next(4))).ToArray();

        await Task.WhenAll(plans.Select(plan => RunAndLeaveAsync(server, plan.FramesToRead, plan.Grid, plan.Kind))).Within();

        await server.Places.StopAccepting().Within();
        Assert.Empty(server.Simulations.Active);
        Assert.Equal(0, server.Buffers.RentedCount);
        await server.StopAsync().Within();
        Assert.Equal(0, server.OpenCalls.Count);
    }

    private static async Task RunAndLeaveAsync(TestServer server, int framesToRead, int grid, int kind)
    {
        using var channel = server.Connect();
        var client = new SimulationService.SimulationServiceClient(channel);
        using var cancellation = new CancellationTokenSource();
        var spec = new SimulationSpec { GridSize = grid, Steps = 5_000 };
        if (kind == 0)
        {
            using var unary = client.SimulateAsync(new SimulateRequest { Spec = spec }, cancellationToken: cancellation.Token);
            await cancellation.CancelAsync();
            var cancelled = await Assert.ThrowsAsync<RpcException>(async () => await unary);
            Assert.Equal(StatusCode.Cancelled, cancelled.StatusCode);
            return;
        }

        using var call = client.StreamSimulation(
            new StreamSimulationRequest { Spec = spec, FieldEncoding = FieldEncoding.Float64 }, cancellationToken: cancellation.Token);
        for (var i = 0; i < framesToRead; i++)
        {
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
            Assert.Equal(i, call.ResponseStream.Current.Sequence);
        }

        // The others leave by disposing the call, or by closing the connection under it.
        if (kind == 1)
        {
            await cancellation.CancelAsync();
            var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.ReadAllAsync().CountAsync().AsTask());
            Assert.Equal(StatusCode.Cancelled, error.StatusCode);
        }
        else if (kind == 2)
        {
            channel.Dispose();
        }
    }

    private static Task<int> StepWhenCancelled(OwnedSimulation run)
    {
        var step = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        run.Cancelled.Register(() => step.SetResult(run.Step));
        return step.Task;
    }
}
