using Grpc.Core;
using Grpc.Health.V1;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Mfn.Server.Tests.Lifetime;

public sealed class GracefulStopTests
{
    private static readonly StreamSimulationRequest LongRun = new() { Spec = new SimulationSpec { GridSize = 512, Steps = 10_000 } };

    [Fact]
    public async Task Stop_RunThatDoesNotEnd_IsUnavailableAfterTheDrainTimeAndHealthTurnsFirst()
    {
        await using var server = await TestServer.StartAsync("Shutdown:DrainTime=00:00:02");
        using var watch = server.Health.Watch(new HealthCheckRequest());
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None));
        using var call = server.Simulation.StreamSimulation(LongRun);
        var run = await server.TheRunAsync(call);

        var stopping = server.StopAsync();

        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None).Within());
        Assert.Equal(ServingStatus.NotServing, watch.ResponseStream.Current.Status);
        Assert.False(run.Completion.IsCompleted);
        Assert.Equal(ServingStatus.NotServing, (await server.Health.CheckAsync(new HealthCheckRequest())).Status);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await server.Simulation.SimulateAsync(new SimulateRequest()));
        var ended = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.ReadAllAsync().CountAsync().AsTask().Within());
        var watchEnded = await Assert.ThrowsAsync<RpcException>(() => watch.ResponseStream.MoveNext(CancellationToken.None).Within());

        Assert.All([refused, ended, watchEnded], error => Assert.Equal((StatusCode.Unavailable, "The server is stopping."), (error.StatusCode, error.Status.Detail)));
        Assert.Equal(TimeSpan.FromSeconds(1), ended.GetRetryDelay());
        await stopping.Within();
        Assert.Empty(server.Runs.Active);
    }

    [Fact]
    public async Task Stop_RunThatEndsInTime_IsServedToItsEnd()
    {
        await using var server = await TestServer.StartAsync("Shutdown:DrainTime=00:01:00");
        using var call = server.Simulation.StreamSimulation(new StreamSimulationRequest { Spec = new SimulationSpec { GridSize = 128, Steps = 500 } });
        await server.TheRunAsync(call);

        var stopping = server.StopAsync();
        var rest = await call.ResponseStream.ReadAllAsync().ToListAsync();

        Assert.Equal(500, rest[^1].Summary.Spec.Steps);
        Assert.Equal(500, rest.Count);
        await stopping.Within();
    }

    [Fact]
    public async Task Stop_ReaderThatTakesNothing_DoesNotHoldTheServer()
    {
        await using var server = await TestServer.StartAsync("Shutdown:DrainTime=00:00:00.100");
        using var call = server.Simulation.StreamSimulation(new StreamSimulationRequest
        {
            Spec = new SimulationSpec { GridSize = 256, Steps = 10_000 },
            FieldEncoding = FieldEncoding.Float64,
        });
        await server.TheRunAsync(call);

        await server.StopAsync().Within();

        Assert.Empty(server.Runs.Active);
        Assert.Equal(0, server.Buffers.RentedCount);
        Assert.Equal(0, server.OpenCalls.Count);
    }

    [Fact]
    public async Task Stop_IdleServer_DoesNotWaitForTheDrainTime()
    {
        await using var server = await TestServer.StartAsync("Shutdown:DrainTime=01:00:00");
        await server.Simulation.SimulateAsync(new SimulateRequest());

        await server.StopAsync().Within();

        await Assert.ThrowsAsync<RpcException>(async () => await server.Simulation.SimulateAsync(new SimulateRequest()));
    }
}
