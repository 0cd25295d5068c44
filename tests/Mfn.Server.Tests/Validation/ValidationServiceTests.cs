using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Validation;

public sealed class ValidationServiceTests
{
    // Single precision in another order of sums; the reference's documentation allows as much.
    private const double LossTolerance = 1e-5;

    // One logarithm, rounded by another libm.
    private const double NernstTolerance = 1e-12;

    [Fact]
    public async Task Validate_CycleOfTheReference_ReportsTheSame()
    {
        var item = GoldenFile.Open("network.json").GetProperty("validation_cases")[0];
        var inputs = item.GetProperty("inputs");
        var expected = item.GetProperty("outputs").GetProperty("metrics");
        await using var server = await TestServer.StartAsync();

        var response = await new ValidationService.ValidationServiceClient(server.Channel).ValidateAsync(new ValidateRequest
        {
            Seed = inputs.GetProperty("seed").GetInt64(),
            Epochs = inputs.GetProperty("epochs").GetInt32(),
            GridSize = inputs.GetProperty("grid_size").GetInt32(),
            Steps = inputs.GetProperty("steps").GetInt32(),
        });

        double Number(string name) => expected.GetProperty(name).GetDouble();
        Assert.Equal(Number("loss_start"), response.StartLoss, LossTolerance * Number("loss_start"));
        Assert.Equal(Number("loss_final"), response.FinalLoss, LossTolerance * Number("loss_start"));
        Assert.Equal(response.StartLoss - response.FinalLoss, response.LossDrop);
        Assert.Equal(Number("pot_min_mV"), response.MinPotentialMillivolts);
        Assert.Equal(Number("pot_max_mV"), response.MaxPotentialMillivolts);
        Assert.Equal(Number("lyapunov_exponent"), response.LyapunovExponent, 1e-11);
        Assert.Equal(Number("growth_events"), response.GrowthEventCount);
        Assert.Equal(Number("nernst_numeric_mV"), response.NernstPotentialMillivolts, NernstTolerance * 100);
    }

    [Fact]
    public async Task Validate_BadRequest_NamesEveryProblem()
    {
        await using var server = await TestServer.StartAsync();
        var request = new ValidateRequest { Seed = -1, Epochs = 0, BatchSize = 65, GridSize = 7, Steps = 1001 };

        var error = await Assert.ThrowsAsync<RpcException>(async () => await new ValidationService.ValidationServiceClient(server.Channel).ValidateAsync(request));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal(
            "seed must be between 0 and 9223372036854775807, but was -1. epochs must be between 1 and 100, but was 0. "
            + "batch_size must be between 1 and 64, but was 65. grid_size must be between 8 and 256, but was 7. steps must be between 1 and 1000, but was 1001.",
            error.Status.Detail);
    }

    [Fact]
    public async Task Validate_CountsAsARunAndEndsWithItsClient()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxConcurrentComputations=1");
        using var client = server.Simulation.StreamSimulation(new StreamSimulationRequest { Spec = new SimulationSpec { GridSize = 512, Steps = 10_000 } });
        await server.TheSimulationAsync(client);
        var validation = new ValidationService.ValidationServiceClient(server.Channel);

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await validation.ValidateAsync(new ValidateRequest()));
        client.Dispose();
        await using var other = await TestServer.StartAsync();
        var late = await Assert.ThrowsAsync<RpcException>(async () => await new ValidationService.ValidationServiceClient(other.Channel).ValidateAsync(
            new ValidateRequest { GridSize = 256, Steps = 1000, Epochs = 100 }, deadline: DateTime.UtcNow.AddMilliseconds(300)));

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Equal(StatusCode.DeadlineExceeded, late.StatusCode);
        await other.Places.StopAccepting().Within();
    }
}
