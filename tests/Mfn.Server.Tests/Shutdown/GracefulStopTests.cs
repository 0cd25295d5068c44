using System.Net;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Mfn.Server.Tests.Shutdown;

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
        var run = await server.TheSimulationAsync(call);

        var stopping = server.StopAsync();

        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None).Within());
        Assert.Equal(ServingStatus.NotServing, watch.ResponseStream.Current.Status);
        Assert.False(run.Completion.IsCompleted);
        Assert.Equal(ServingStatus.NotServing, (await server.Health.CheckAsync(new HealthCheckRequest())).Status);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await server.Simulation.SimulateAsync(new SimulateRequest()));
        var ended = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.ReadAllAsync().CountAsync().AsTask().Within());
        var watchEnded = await Assert.ThrowsAsync<RpcException>(() => watch.ResponseStream.MoveNext(CancellationToken.None).Within());

        Assert.All(
            [refused, ended, watchEnded],
            error => Assert.Equal(
                (StatusCode.Unavailable, "The server is stopping.", TimeSpan.FromSeconds(1)), (error.StatusCode, error.Status.Detail, error.GetRetryDelay())));
        await stopping.Within();
        Assert.Empty(server.Simulations.Active);
    }

    [Fact]
    public async Task Stop_RunThatEndsInTime_IsServedToItsEnd()
    {
        await using var server = await TestServer.StartAsync("Shutdown:DrainTime=00:01:00");
        using var call = server.Simulation.StreamSimulation(new StreamSimulationRequest { Spec = new SimulationSpec { GridSize = 128, Steps = 500 } });
        await server.TheSimulationAsync(call);

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
        await server.TheSimulationAsync(call);

        await server.StopAsync().Within();

        Assert.Empty(server.Simulations.Active);
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

    [Fact]
    public async Task Stop_CallThatEndsWhenItsConnectionIsClosingAlready_HoldsNothing()
    {
        var end = new TaskCompletionSource();
        await using var server = await TestServer.StartAsync(
            app =>
            {
                app.Map("/connection", call => call.Response.WriteAsync(call.Connection.Id));
                app.Map("/held", async call =>
                {
                    await call.Response.Body.FlushAsync();
                    await end.Task;
                });
            },
            "Shutdown:DrainTime=01:00:00");
        using var connection = new Connection(server.Address);
        using var steering = await connection.SteerAsync();
        using var held = await connection.Http.GetAsync("/held", HttpCompletionOption.ResponseHeadersRead);
        var id = await connection.IdAsync();
        Assert.NotNull(id);

        var stopping = server.StopAsync();
        await connection.HasLeftAsync(id).Within();
        end.SetResult();

        await stopping.Within();
    }

    /// <summary>Calls over one connection, gRPC and others, until the server says that it is closing.</summary>
    private sealed class Connection : IDisposable
    {
        private readonly GrpcChannel _channel;

        public Connection(Uri address)
        {
            var handler = new SocketsHttpHandler();
            Http = new HttpClient(handler)
            {
                BaseAddress = address,
                DefaultRequestVersion = HttpVersion.Version20,
                DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };
            _channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = handler });
        }

        public HttpClient Http { get; }

        /// <summary>A call that the client neither reads on nor completes, so that it does not close the connection either.</summary>
        public async Task<IDisposable> SteerAsync()
        {
            var runs = new RunService.RunServiceClient(_channel);
            var run = (await runs.CreateRunAsync(new CreateRunRequest { Stop = new StopCondition { Never = true }, Paused = true })).Run;
            var steering = runs.SteerRun();
            await steering.RequestStream.WriteAsync(new SteerRunRequest { RunId = run.RunId, Command = new RunCommand { CommandId = "a", Pause = new Pause() } });
            Assert.True(await steering.ResponseStream.MoveNext(CancellationToken.None).Within());
            return steering;
        }

        /// <summary>The server's name of the connection that a call takes now; null if there is none to be had.</summary>
        public async Task<string?> IdAsync()
        {
            try
            {
                return await Http.GetStringAsync("/connection");
            }
            catch (HttpRequestException)
            {
                return null;
            }
        }

        /// <summary>Waits until the client has been told that the connection is closing, and so takes another one.</summary>
        public async Task HasLeftAsync(string id)
        {
            while (await IdAsync() == id)
            {
            }
        }

        public void Dispose()
        {
            _channel.Dispose();
            Http.Dispose();
        }
    }
}
