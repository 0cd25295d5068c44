using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;
using Status = Grpc.Core.Status;

namespace Mfn.Server.Tests.Client;

public sealed class MfnClientTests
{
    [Fact]
    public async Task StreamSimulation_LeftEarly_EndsTheRun()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address });
        var request = new StreamSimulationRequest { Spec = new SimulationSpec { GridSize = 512, Steps = 10_000 } };

        await foreach (var response in client.StreamSimulationAsync(request))
        {
            Assert.Equal(1, response.Frame.Step);
            break;
        }

        await server.Places.StopAccepting().Within();
        Assert.Empty(server.Simulations.Active);
    }

    [Fact]
    public async Task StreamSimulation_Cancelled_EndsTheRun()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address });
        using var cancellation = new CancellationTokenSource();
        var request = new StreamSimulationRequest { Spec = new SimulationSpec { GridSize = 512, Steps = 10_000 } };

        var error = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            await foreach (var response in client.StreamSimulationAsync(request, cancellation.Token))
            {
                await cancellation.CancelAsync();
            }
        });

        Assert.Equal(StatusCode.Cancelled, error.StatusCode);
        await server.Places.StopAccepting().Within();
    }

    [Fact]
    public async Task ComputeNernstPotential_BadRequest_GivesTheViolations()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address });

        var error = await Assert.ThrowsAsync<RpcException>(() => client.ComputeNernstPotentialAsync(new ComputeNernstPotentialRequest { Valence = 9 }));

        Assert.Equal(["valence", "outside_molar", "inside_molar"], error.GetFieldViolations().Select(violation => violation.Field));
        Assert.Null(error.GetRetryDelay());
    }

    [Fact]
    public void GetFieldViolations_NoOrDamagedDetails_AreEmpty()
    {
        var damaged = new RpcException(Status.DefaultCancelled, new Metadata { { "grpc-status-details-bin", [0xFF, 0xFF] } });

        Assert.Empty(new RpcException(Status.DefaultCancelled).GetFieldViolations());
        Assert.Empty(damaged.GetFieldViolations());
        Assert.Null(damaged.GetRetryDelay());
    }

    [Fact]
    public void GetFieldViolations_DamagedDetailOfAWholeStatus_AreEmpty()
    {
        var detail = Any.Pack(new BadRequest { FieldViolations = { new BadRequest.Types.FieldViolation { Field = "valence" } } });
        detail.Value = ByteString.CopyFrom(detail.Value.Span[..^1]);
        var error = new Google.Rpc.Status { Code = (int)StatusCode.InvalidArgument, Details = { detail } }.ToRpcException();

        Assert.Empty(error.GetFieldViolations());
    }
}
