using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.GrpcStack.Wire;
using Microsoft.AspNetCore.Builder;

namespace Mfn.Server.Tests.Calls;

public sealed class CallTests
{
    [Fact]
    public async Task Call_OneTooManyOfThoseAnnounced_IsRefusedRatherThanLeftHanging()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxStreamsPerConnection=5", "Limits:AnnounceSpareStreams=true");
        var watches = Enumerable.Range(0, 5).Select(_ => server.Health.Watch(new HealthCheckRequest())).ToArray();
        foreach (var watch in watches)
        {
            Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None).Within());
        }

        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Health.CheckAsync(new HealthCheckRequest()).ResponseAsync.Within());
        using var otherConnection = server.Connect();
        var elsewhere = await new Grpc.Health.V1.Health.HealthClient(otherConnection).CheckAsync(new HealthCheckRequest());

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        Assert.Contains("already has 5 open calls", error.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(1), error.GetRetryDelay());
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, elsewhere.Status);
        Assert.All(watches, watch => watch.Dispose());
    }

    [Fact]
    public async Task Calls_OneAfterTheOther_DoNotAddUp()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxStreamsPerConnection=2");

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, (await server.Health.CheckAsync(new HealthCheckRequest())).Status);
        }
    }

    [Fact]
    public async Task Call_150StreamsOnOneConnection_AreAllServed()
    {
        await using var server = await TestServer.StartAsync();

        var watches = Enumerable.Range(0, 150).Select(_ => server.Health.Watch(new HealthCheckRequest())).ToArray();
        var first = await Task.WhenAll(watches.Select(watch => watch.ResponseStream.MoveNext(CancellationToken.None))).Within();

        Assert.All(first, Assert.True);
        Assert.Equal(150, server.OpenCalls.Count);
        Assert.All(watches, watch => watch.Dispose());
    }

    [Fact]
    public async Task Call_RequestOverTheSizeLimit_IsRefusedWithTheLimit()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxRequestBytes=2000");
        var large = WithUnknownField(byteCount: 3_000);
        var small = WithUnknownField(byteCount: 1_000);

        var unary = await Assert.ThrowsAsync<RpcException>(async () => await server.Simulation.SimulateAsync(SimulateRequest.Parser.ParseFrom(large)));
        using var call = server.Simulation.StreamSimulation(StreamSimulationRequest.Parser.ParseFrom(large));
        var streaming = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None));

        Assert.Equal(64, (await server.Simulation.SimulateAsync(SimulateRequest.Parser.ParseFrom(small))).Summary.Spec.Steps);
        foreach (var error in new[] { unary, streaming })
        {
            Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
            Assert.Equal("The request message exceeds the server's limit of 2000 bytes.", error.Status.Detail);
        }
    }

    [Theory]
    [InlineData("FFFFFF")]
    [InlineData("0AFFFFFFFF0F")]
    [InlineData("0A05")]
    public async Task Call_MessageThatCannotBeParsed_IsTheClientsFault(string hex)
    {
        await using var server = await TestServer.StartAsync();
        var bytes = Convert.FromHexString(hex);
        var raw = Marshallers.Create(value => value, value => value);
        Method<byte[], byte[]> Method(MethodType type, string service, string name) => new(type, service, name, raw, raw);
        var invoker = server.Channel.CreateCallInvoker();

        using var unary = invoker.AsyncUnaryCall(Method(MethodType.Unary, "mfn.v1.SimulationService", "Simulate"), null, default, bytes);
        using var streaming = invoker.AsyncServerStreamingCall(Method(MethodType.ServerStreaming, "mfn.v1.SimulationService", "StreamSimulation"), null, default, bytes);
        using var duplex = invoker.AsyncDuplexStreamingCall(Method(MethodType.DuplexStreaming, "mfn.v1.FeatureService", "StreamFeatures"), null, default);
        await duplex.RequestStream.WriteAsync(bytes);

        foreach (var result in new Task[] { unary.ResponseAsync, streaming.ResponseStream.MoveNext(CancellationToken.None), duplex.ResponseStream.MoveNext(CancellationToken.None) })
        {
            var error = await Assert.ThrowsAsync<RpcException>(() => result.Within());
            Assert.Equal((StatusCode.InvalidArgument, "The request message is not a valid protobuf message of its type."), (error.StatusCode, error.Status.Detail));
        }
    }

    [Fact]
    public async Task Call_ErrorThatNobodyForesaw_TellsTheClientNothing()
    {
        await using var server = await TestServer.StartAsync(app => app.MapGrpcService<FailingService>().AllowAnonymous());
        var client = new EchoService.EchoServiceClient(server.Channel);

        var unary = await Assert.ThrowsAsync<RpcException>(async () => await client.SayAsync(new EchoRequest()));
        using var call = client.Repeat(new EchoRequest());
        var streaming = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None));

        foreach (var error in new[] { unary, streaming })
        {
            Assert.Equal((StatusCode.Internal, "Internal error."), (error.StatusCode, error.Status.Detail));
            Assert.DoesNotContain(error.Trailers, trailer => trailer.Value.Contains("secret", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Call_UnknownMethod_IsUnimplemented()
    {
        await using var server = await TestServer.StartAsync();

        var error = await Assert.ThrowsAsync<RpcException>(async () => await new AbsentService.AbsentServiceClient(server.Channel).CallAsync(new EchoRequest()));

        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
    }

    /// <summary>A request with a field that no version of the contract has.</summary>
    private static byte[] WithUnknownField(int byteCount)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream))
        {
            output.WriteTag(1000, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(new byte[byteCount]));
        }

        return stream.ToArray();
    }

    private sealed class FailingService : EchoService.EchoServiceBase
    {
        public override Task<EchoResponse> Say(EchoRequest request, ServerCallContext context) => throw new InvalidOperationException("a secret");

        public override Task Repeat(EchoRequest request, IServerStreamWriter<EchoResponse> responseStream, ServerCallContext context) =>
            throw new ArgumentException("a secret");
    }
}
