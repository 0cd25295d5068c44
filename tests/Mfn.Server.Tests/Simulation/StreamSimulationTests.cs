using Grpc.Core;
using Mfn.Contracts.V1;
using Kind = Mfn.Contracts.V1.StreamSimulationResponse.KindOneofCase;

namespace Mfn.Server.Tests.Simulation;

public sealed class StreamSimulationTests
{
    private static readonly SimulationSpec Spec = new() { GridSize = 16, Steps = 50, SpikeProbability = 0.5, JitterEnabled = true };

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(10)]
    [InlineData(50)]
    [InlineData(51)]
    public async Task StreamSimulation_EveryNSteps_SendsThoseTheLastAndASummary(int everyNSteps)
    {
        await using var server = await TestServer.StartAsync();

        var responses = await ReadAsync(server, new StreamSimulationRequest { Spec = Spec, EveryNSteps = everyNSteps });

        var expected = Enumerable.Range(1, 50).Where(step => step % everyNSteps == 0 || step == 50);
        Assert.Equal(Enumerable.Range(0, responses.Count).Select(i => (long)i), responses.Select(response => response.Sequence));
        Assert.Equal(expected, responses[..^1].Select(response => response.Frame.Step));
        Assert.Equal(Kind.Summary, responses[^1].KindCase);
        Assert.All(responses[..^1], response => Assert.Null(response.Frame.Field));
    }

    [Fact]
    public async Task StreamSimulation_FramesAndSummary_AgreeWithEachOtherAndWithSimulate()
    {
        await using var server = await TestServer.StartAsync();

        var responses = await ReadAsync(server, new StreamSimulationRequest { Spec = Spec, EveryNSteps = 3, FieldEncoding = FieldEncoding.Float64 });
        var whole = await server.Simulation.SimulateAsync(new SimulateRequest { Spec = Spec, FieldEncoding = FieldEncoding.Float64 });

        var growthEvents = responses[..^1].SelectMany(response => response.Frame.GrowthEvents).ToArray();
        Assert.Equal(whole.Summary, responses[^1].Summary);
        Assert.Equal(whole.Field, responses[^2].Frame.Field);
        Assert.Equal(whole.Summary.Statistics, responses[^2].Frame.Statistics);
        Assert.Equal(whole.Summary.GrowthEventCount, growthEvents.Length);
        Assert.Equal(growthEvents.OrderBy(growthEvent => growthEvent.Step), growthEvents);
        foreach (var frame in responses[..^1].Select(response => response.Frame))
        {
            Assert.All(frame.GrowthEvents, growthEvent => Assert.InRange(growthEvent.Step, frame.Step - 2, frame.Step));
        }
    }

    [Fact]
    public async Task StreamSimulation_EveryFrame_IsWhatARunOfSoManyStepsEndsWith()
    {
        await using var server = await TestServer.StartAsync();

        var responses = await ReadAsync(server, new StreamSimulationRequest { Spec = Spec, FieldEncoding = FieldEncoding.Float32 });

        foreach (var step in new[] { 1, 2, 17, 49 })
        {
            var shorter = Spec.Clone();
            shorter.Steps = step;
            var whole = await server.Simulation.SimulateAsync(new SimulateRequest { Spec = shorter, FieldEncoding = FieldEncoding.Float32 });
            Assert.Equal(whole.Field, responses[step - 1].Frame.Field);
        }
    }

    [Fact]
    public async Task StreamSimulation_ConcurrentCalls_DoNotMixTheirFrames()
    {
        await using var server = await TestServer.StartAsync();
        var request = new StreamSimulationRequest { Spec = new SimulationSpec { GridSize = 64, Steps = 40 }, FieldEncoding = FieldEncoding.Float64 };
        var alone = await ReadAsync(server, request);

        var together = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => ReadAsync(server, request)));

        Assert.All(together, responses => Assert.Equal(alone, responses));
        Assert.Empty(server.Simulations.Active);
        Assert.Equal(0, server.Buffers.RentedCount);
    }

    private static async Task<List<StreamSimulationResponse>> ReadAsync(TestServer server, StreamSimulationRequest request)
    {
        using var call = server.Simulation.StreamSimulation(request);
        return await call.ResponseStream.ReadAllAsync().ToListAsync();
    }
}
