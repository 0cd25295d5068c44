using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Simulation;

public sealed class BackpressureTests
{
    private static readonly SimulationSpec Spec = new() { GridSize = 256, Steps = 2_000, TuringEnabled = false };

    [Fact]
    public async Task StreamSimulation_ReaderThatDoesNotRead_MakesTheRunWaitAndLosesNothing()
    {
        await using var server = await TestServer.StartAsync();
        using var call = server.Simulation.StreamSimulation(new StreamSimulationRequest { Spec = Spec, FieldEncoding = FieldEncoding.Float64 });
        var run = await server.TheSimulationAsync(call);

        // A second run of the same length has its turn as often, and comes to its end meanwhile.
        await server.Simulation.SimulateAsync(new SimulateRequest { Spec = Spec });

        // What the client's and the server's HTTP/2 windows hold (16 MiB and less), at 512 KiB a frame.
        Assert.InRange(run.Step, 1, 100);

        var steps = new List<int> { call.ResponseStream.Current.Frame.Step };
        await foreach (var response in call.ResponseStream.ReadAllAsync())
        {
            if (response.Frame is { } frame)
            {
                steps.Add(frame.Step);
            }
        }

        Assert.Equal(Enumerable.Range(1, 2_000), steps);
    }

    [Fact]
    public async Task StreamSimulation_ReaderThatTakesNothingForTheWriteTimeout_LosesItsCall()
    {
        await using var server = await TestServer.StartAsync("Streaming:WriteTimeout=00:00:03");
        using var call = server.Simulation.StreamSimulation(new StreamSimulationRequest { Spec = Spec, FieldEncoding = FieldEncoding.Float64 });
        var run = await server.TheSimulationAsync(call);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.Completion.Within());
        await server.Places.StopAccepting().Within();

        Assert.Equal(0, server.Buffers.RentedCount);
        await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.ReadAllAsync().CountAsync().AsTask());
    }
}
