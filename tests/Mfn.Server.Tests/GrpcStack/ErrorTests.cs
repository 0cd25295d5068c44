using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Mfn.Server.Tests.GrpcStack.Wire;
using Status = Grpc.Core.Status;

namespace Mfn.Server.Tests.GrpcStack;

public class ErrorTests
{
    [Fact]
    public async Task RpcException_ThrownByTheHandler_PassesThroughWithTrailers()
    {
        var trailers = new Metadata { { "x-reason", "grid" }, { "x-bytes-bin", [1, 2, 3] } };
        await using var server = await FailingAsync(
            new RpcException(new Status(StatusCode.InvalidArgument, "grid_size must be 3 or more: é"), trailers));

        var error = await FailureAsync(server);

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal("grid_size must be 3 or more: é", error.Status.Detail);
        Assert.Equal("grid", error.Trailers.GetValue("x-reason"));
        Assert.Equal([1, 2, 3], error.Trailers.GetValueBytes("x-bytes-bin"));
    }

    [Fact]
    public async Task RichStatus_InTheTrailers_SurvivesTheWire()
    {
        var rich = new RichStatus { Code = (int)StatusCode.ResourceExhausted, Message = "Too many runs." };
        rich.Details.Add(Any.Pack(new EchoRequest { Text = "retry later", Count = 7 }));
        await using var server = await FailingAsync(new RpcException(
            new Status(StatusCode.ResourceExhausted, rich.Message),
            new Metadata { { "grpc-status-details-bin", rich.ToByteArray() } }));

        var error = await FailureAsync(server);

        var received = RichStatus.Parser.ParseFrom(error.Trailers.GetValueBytes("grpc-status-details-bin"));
        Assert.Equal(rich, received);
        Assert.Equal("retry later", Assert.Single(received.Details).Unpack<EchoRequest>().Text);
    }

    [Fact]
    public async Task StatusSetByTheHandler_WithoutAThrow_EndsTheCall()
    {
        await using var server = await EchoServer.StartAsync(new EchoHandlers
        {
            OnSay = (_, context) =>
            {
                context.Status = new Status(StatusCode.FailedPrecondition, "The round is closed.");
                return Task.FromResult(new EchoResponse());
            },
        });

        var error = await FailureAsync(server);

        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
        Assert.Equal("The round is closed.", error.Status.Detail);
    }

    [Fact]
    public async Task OtherException_ThrownByTheHandler_IsUnknownAndLeaksNothing()
    {
        await using var server = await FailingAsync(new InvalidOperationException("the password is swordfish"));

        var error = await FailureAsync(server);

        Assert.Equal(StatusCode.Unknown, error.StatusCode);
        Assert.DoesNotContain("swordfish", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(error.Trailers, entry => entry.Value.Contains("swordfish", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Error_InTheMiddleOfAStream_FollowsTheMessagesBeforeIt()
    {
        await using var server = await EchoServer.StartAsync(new EchoHandlers
        {
            OnRepeat = async (_, responses, _) =>
            {
                await responses.WriteAsync(new EchoResponse { Text = "before" });
                throw new RpcException(new Status(StatusCode.DataLoss, "gone"));
            },
        });
        using var call = server.CreateClient().Repeat(new EchoRequest());

        Assert.True(await call.ResponseStream.MoveNext().Within());
        Assert.Equal("before", call.ResponseStream.Current.Text);
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext().Within());
        Assert.Equal(StatusCode.DataLoss, error.StatusCode);
        Assert.Equal(StatusCode.DataLoss, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task Method_NotOverridden_IsUnimplemented()
    {
        await using var server = await EchoServer.StartAsync();

        var error = await Assert.ThrowsAsync<RpcException>(
            () => server.CreateClient().ForgetAsync(new EchoRequest()).ResponseAsync.Within());

        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
    }

    [Fact]
    public async Task Service_NotMapped_IsUnimplemented()
    {
        await using var server = await EchoServer.StartAsync();
        var client = new AbsentService.AbsentServiceClient(server.Connect());

        var error = await Assert.ThrowsAsync<RpcException>(
            () => client.CallAsync(new EchoRequest()).ResponseAsync.Within());

        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
    }

    [Fact]
    public async Task Server_Gone_IsUnavailable()
    {
        var server = await EchoServer.StartAsync();
        var address = server.Address;
        await server.DisposeAsync();
        using var channel = Grpc.Net.Client.GrpcChannel.ForAddress(address);

        var error = await Assert.ThrowsAsync<RpcException>(
            () => new EchoService.EchoServiceClient(channel).SayAsync(new EchoRequest()).ResponseAsync.Within());

        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.NotNull(error.Status.DebugException);
        Assert.Same(error.Status.DebugException, error.InnerException);
    }

    private static Task<EchoServer> FailingAsync(Exception error) =>
        EchoServer.StartAsync(new EchoHandlers { OnSay = (_, _) => throw error });

    private static Task<RpcException> FailureAsync(EchoServer server) => Assert.ThrowsAsync<RpcException>(
        () => server.CreateClient().SayAsync(new EchoRequest()).ResponseAsync.Within());
}
