using Grpc.Core;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Simulation;

public sealed class AnalysisTests
{
    private static readonly SimulationSpec Spec = new() { GridSize = 32, Steps = 40, JitterEnabled = true };
    private static readonly FeatureOptions Options = new() { DefinitionVersion = "5.0", LowThresholdMillivolts = -65, Connectivity = 8 };

    [Fact]
    public async Task StreamSimulation_AnalysisInFrames_IsThatOfTheFramesSoFar()
    {
        await using var server = await TestServer.StartAsync();
        using var call = server.Simulation.StreamSimulation(new StreamSimulationRequest
        {
            Spec = Spec,
            FieldEncoding = FieldEncoding.Float64,
            Features = Options,
            FractalDimension = true,
            AnalysisInFrames = true,
        });
        var responses = await call.ResponseStream.ReadAllAsync().ToListAsync();
        var frames = responses[..^1].Select(response => response.Frame).ToArray();

        foreach (var step in new[] { 1, 7, 40 })
        {
            var expected = await server.Features.ExtractFeaturesAsync(
                new ExtractFeaturesRequest { Frames = { frames[..step].Select(frame => frame.Field) }, Options = Options });
            Assert.Equal(expected.Features, frames[step - 1].Features);
            Assert.Equal(expected.Features.Values[0], frames[step - 1].FractalDimension.Dimension);
            Assert.Equal(expected.Features.Values[1], frames[step - 1].FractalDimension.RSquared);
        }

        Assert.Equal(frames[^1].Features, responses[^1].Summary.Features);
        Assert.Equal(frames[^1].FractalDimension, responses[^1].Summary.FractalDimension);
    }

    [Fact]
    public async Task Simulate_WithFeatures_TakesEveryStepWhateverTheFrames()
    {
        await using var server = await TestServer.StartAsync();

        var unary = (await server.Simulation.SimulateAsync(new SimulateRequest { Spec = Spec, Features = Options, FractalDimension = true })).Summary;
        using var call = server.Simulation.StreamSimulation(new StreamSimulationRequest { Spec = Spec, EveryNSteps = 40, Features = Options, FractalDimension = true });
        var responses = await call.ResponseStream.ReadAllAsync().ToListAsync();

        Assert.Equal(unary, responses[^1].Summary);
        Assert.Null(responses[0].Frame.Features);
        Assert.Null(responses[0].Frame.FractalDimension);
        Assert.True(unary.FractalDimension.IsDefined);
    }

    [Fact]
    public async Task Simulate_DefaultRun_HasNoDimensionAndSaysSo()
    {
        await using var server = await TestServer.StartAsync();

        var asked = (await server.Simulation.SimulateAsync(new SimulateRequest { FractalDimension = true })).Summary;
        var notAsked = (await server.Simulation.SimulateAsync(new SimulateRequest())).Summary;

        Assert.Equal(new FractalDimension { UndefinedReason = "fewer than two box sizes have an occupied box" }, asked.FractalDimension);
        Assert.Null(asked.Features);
        Assert.Null(notAsked.FractalDimension);
    }

    [Fact]
    public async Task Simulate_BadFeatureOptions_AreNamedWithTheRest()
    {
        await using var server = await TestServer.StartAsync();
        var request = new SimulateRequest { Spec = new SimulationSpec { GridSize = 2 }, Features = new FeatureOptions { ScaleCount = 0 } };

        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Simulation.SimulateAsync(request));

        Assert.Equal("spec.grid_size must be between 4 and 1024, but was 2. features.scale_count must be between 2 and 20, but was 0.", error.Status.Detail);
    }
}
