using Grpc.Core;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Calls;

/// <summary>Headers that go ahead of an answer which takes long, so that what is between knows that the server lives.</summary>
public sealed class EarlyHeadersTests
{
    // Longer than any test.
    private static readonly SimulationSpec Long = new() { GridSize = 512, Steps = 10_000 };

    [Fact]
    public async Task Unary_LongComputation_SendsHeadersFirst()
    {
        await using var server = await TestServer.StartAsync();
        using var call = server.Simulation.SimulateAsync(new SimulateRequest { Spec = Long });

        await call.ResponseHeadersAsync.Within();

        Assert.False(call.ResponseAsync.IsCompleted);
    }

    [Fact]
    public async Task Unary_FailureAfterTheHeaders_HasItsStatusAndDetails()
    {
        await using var server = await TestServer.StartAsync("Shutdown:DrainTime=00:00:00");
        using var call = server.Simulation.SimulateAsync(new SimulateRequest { Spec = Long });
        await call.ResponseHeadersAsync.Within();

        var stopping = server.StopAsync();
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.Within());
        await stopping.Within();

        Assert.Equal((StatusCode.Unavailable, "The server is stopping."), (error.StatusCode, error.Status.Detail));
        Assert.Equal(TimeSpan.FromSeconds(1), error.GetRetryDelay());
    }

    [Fact]
    public async Task Unary_AnswerAfterTheHeaders_IsWhole()
    {
        await using var server = await TestServer.StartAsync();
        var request = new SimulateRequest { Spec = new SimulationSpec { GridSize = 256, Steps = 2000 }, FieldEncoding = FieldEncoding.Float64 };
        using var call = server.Simulation.SimulateAsync(request);

        var answer = await call.ResponseAsync.Within();

        Assert.Equal(256 * 256 * 8, answer.Field.Values.Length);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task Unary_CancelledAfterTheHeaders_EndsTheComputation()
    {
        await using var server = await TestServer.StartAsync();
        using (var call = server.Simulation.SimulateAsync(new SimulateRequest { Spec = Long }))
        {
            await call.ResponseHeadersAsync.Within();
        }

        await server.Places.StopAccepting().Within();
        Assert.Empty(server.Simulations.Active);
    }

    [Fact]
    public async Task StreamSimulation_LongWayToTheFirstFrame_SendsHeadersFirst()
    {
        await using var server = await TestServer.StartAsync();
        using var call = server.Simulation.StreamSimulation(new StreamSimulationRequest { Spec = Long, EveryNSteps = 10_000 });

        var moving = call.ResponseStream.MoveNext(CancellationToken.None);
        await call.ResponseHeadersAsync.Within();

        Assert.False(moving.IsCompleted);
    }

    [Fact]
    public async Task AggregateStream_LongUpload_SendsHeadersBeforeItsAnswer()
    {
        await using var server = await TestServer.StartAsync();
        using var call = server.Aggregation.AggregateStream();

        await call.ResponseHeadersAsync.Within();

        await call.RequestStream.CompleteAsync();
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None).Within());
        Assert.Equal("spec", Assert.Single(error.GetFieldViolations()).Field);
    }
}
