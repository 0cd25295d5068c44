using Grpc.Core;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Frames;
using Mfn.Server.Simulation;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Compute;

public sealed class ComputeLimitTests
{
    private static readonly StreamSimulationRequest LongRun = new() { Spec = new SimulationSpec { GridSize = 512, Steps = 10_000 } };

    [Fact]
    public async Task Start_OneRunTooMany_IsRefusedUntilOneEnds()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxConcurrentComputations=2");
        using var first = server.Simulation.StreamSimulation(LongRun);
        var run = await server.TheSimulationAsync(first);
        using var second = server.Simulation.StreamSimulation(LongRun);
        await second.ResponseStream.MoveNext(CancellationToken.None);

        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Simulation.SimulateAsync(new SimulateRequest()));

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        Assert.Equal("The most computations that the server allows, 2, are under way. Try again when one has ended.", error.Status.Detail);
        Assert.Equal(TimeSpan.FromSeconds(1), error.GetRetryDelay());

        first.Dispose();
        await run.Released.Within();
        Assert.Equal(64, (await server.Simulation.SimulateAsync(new SimulateRequest())).Summary.Spec.Steps);
    }

    [Fact]
    public async Task Start_MoreThanTheShareOfAConnection_IsRefusedThereAndServedOnAnother()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxConcurrentComputations=4", "Limits:MaxConnectionShare=0.4");
        using var first = server.Simulation.StreamSimulation(LongRun);
        using var second = server.Simulation.StreamSimulation(LongRun);
        await first.ResponseStream.MoveNext(CancellationToken.None);
        await second.ResponseStream.MoveNext(CancellationToken.None);

        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Simulation.SimulateAsync(new SimulateRequest()));
        Assert.Equal(
            (StatusCode.ResourceExhausted, "The most computations that the server allows one connection, 2 of 4, are under way on this one. Try again when one has ended, or on another connection."),
            (error.StatusCode, error.Status.Detail));
        Assert.Equal(TimeSpan.FromSeconds(1), error.GetRetryDelay());

        using var other = server.Connect();
        Assert.Equal(64, (await new Contracts.V1.SimulationService.SimulationServiceClient(other).SimulateAsync(new SimulateRequest())).Summary.Spec.Steps);
    }

    [Fact]
    public async Task Runs_ShortOneAmongLongOnes_HasItsTurn()
    {
        await using var server = await TestServer.StartAsync();
        var spec = new Core.Simulation.SimulationSpec { GridSize = 512, StepCount = 10_000 };
        var longRuns = Enumerable.Range(0, 16)
            .Select(_ => server.Simulations.Start(new SimulationOrder(spec, default, Frames: null, CellEncoding.None, [0], Core.Steering.InitialFields.Drawn), CancellationToken.None)).ToArray();

        var response = await server.Simulation.SimulateAsync(new SimulateRequest()).ResponseAsync.Within();
        var health = await server.Health.CheckAsync(new Grpc.Health.V1.HealthCheckRequest()).ResponseAsync.Within();

        Assert.Equal(64, response.Summary.Spec.Steps);
        Assert.Equal(Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
        Assert.Equal(16, server.Simulations.Active.Count);
        foreach (var run in longRuns)
        {
            await run.DisposeAsync();
        }
    }

    [Fact]
    public void FieldBuffer_UsedAfterItWasReturned_IsRefused()
    {
        var pool = new FieldBufferPool();
        var buffer = pool.Rent(100);

        Assert.Equal((100, 1), (buffer.Memory.Length, pool.RentedCount));
        buffer.Dispose();
        buffer.Dispose();

        Assert.Equal(0, pool.RentedCount);
        Assert.Throws<ObjectDisposedException>(() => buffer.Memory);
    }
}
