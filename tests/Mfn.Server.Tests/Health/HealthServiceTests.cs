using Grpc.Core;
using Grpc.Health.V1;
using Mfn.Server.Tests.GrpcStack;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Mfn.Server.Tests.Health;

public sealed class HealthServiceTests
{
    [Theory]
    [InlineData("")]
    [InlineData("mfn.v1.SimulationService")]
    [InlineData("mfn.v1.RunService")]
    [InlineData("mfn.v1.MembraneService")]
    [InlineData("grpc.health.v1.Health")]
    public async Task Check_KnownService_IsServing(string service)
    {
        await using var server = await TestServer.StartAsync();

        Assert.Equal(ServingStatus.Serving, (await server.Health.CheckAsync(new HealthCheckRequest { Service = service })).Status);
    }

    [Fact]
    public async Task UnknownService_Check_IsNotFoundAndWatchSaysSo()
    {
        await using var server = await TestServer.StartAsync();
        var request = new HealthCheckRequest { Service = "mfn.v1.Nothing" };

        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Health.CheckAsync(request));
        using var watch = server.Health.Watch(request);

        Assert.Equal((StatusCode.NotFound, "The server has no service 'mfn.v1.Nothing'."), (error.StatusCode, error.Status.Detail));
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None).Within());
        Assert.Equal(ServingStatus.ServiceUnknown, watch.ResponseStream.Current.Status);
    }
}
