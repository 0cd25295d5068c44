using Grpc.Core;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Core.Features;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Translation;
using FeatureOptions = Mfn.Contracts.V1.FeatureOptions;

namespace Mfn.Server.Tests.Simulation;

public sealed class KineticsSimulationTests
{
    private static readonly SimulationSpec Spec = new()
    {
        GrayScott = new GrayScott { FeedRate = 0.03 },
        Steps = 40,
        Domain = new Domain { Rows = 14, Columns = 9 },
        MillivoltScales = { new MillivoltScale { OffsetMillivolts = -80, MillivoltsPerUnit = 60 } },
    };

    [Fact]
    public async Task SimulateAndStream_SpeciesAskedFor_HaveTheEnginesBitsAndUnits()
    {
        await using var server = await TestServer.StartAsync();
        using var engine = new Core.Simulation.SimulationEngine(CoreSpec());
        engine.Advance(40);

        var answer = await server.Simulation.SimulateAsync(new SimulateRequest { Spec = Spec, FieldEncoding = FieldEncoding.Float64, Species = { "v", "0" } });
        var frames = new List<SimulationFrame>();
        SimulationSummary? summary = null;
        using var call = server.Simulation.StreamSimulation(
            new StreamSimulationRequest { Spec = answer.Summary.Spec, FieldEncoding = FieldEncoding.Float64, Species = { "v", "u" }, EveryNSteps = 15 });
        await foreach (var message in call.ResponseStream.ReadAllAsync())
        {
            summary = message.Summary ?? summary;
            if (message.Frame is { } frame)
            {
                frames.Add(frame);
            }
        }

        Assert.Equal(engine.Species(1).ToArray(), answer.Field.ToCells());
        Assert.Equal(engine.Species(0).ToArray(), Assert.Single(answer.FurtherFields).ToCells());
        Assert.Equal((14, 9), (answer.Field.Rows, answer.Field.Columns));
        Assert.Equal([15, 30, 40], frames.Select(frame => frame.Step));
        Assert.Equal([15, 30, 40], frames.Select(frame => frame.Time));
        Assert.Equal((answer.Field, answer.FurtherFields[0]), (frames[^1].Field, frames[^1].FurtherFields[0]));
        Assert.Equal(answer.Summary, summary);
        Assert.Null(summary!.Statistics);
        Assert.False(summary.HasMeanActivator);
        Assert.Equal(["u", "v"], summary.SpeciesStatistics.Select(statistics => statistics.Species));
        Assert.Equal((engine.Species(1).ToArray().Min(), engine.Species(1).ToArray().Max()), (summary.SpeciesStatistics[1].Minimum, summary.SpeciesStatistics[1].Maximum));
    }

    /// <summary>The features of a species are those of a history of the potentials that the spec says it stands for.</summary>
    [Fact]
    public async Task Simulate_Features_AreOfThePotentialsThatConcentrationsStandFor()
    {
        await using var server = await TestServer.StartAsync();
        using var engine = new Core.Simulation.SimulationEngine(CoreSpec());
        var extractor = new FeatureExtractor(14, 9, Mfn.Core.Features.FeatureOptions.Default);
        for (var step = 0; step < 40; step++)
        {
            engine.TakeStep();
            extractor.Add([.. engine.Species(1).ToArray().Select(cell => ((cell * 60) - 80) / 1000)]);
        }

        var answer = await server.Simulation.SimulateAsync(new SimulateRequest { Spec = Spec, Features = new FeatureOptions(), Species = { "v" } });

        Assert.Equal(extractor.Extract().Values.ToArray(), answer.Summary.Features.Values);
    }

    [Fact]
    public async Task Simulate_InitialFields_AreTheStateOfStep0()
    {
        await using var server = await TestServer.StartAsync();
        var half = await server.Simulation.SimulateAsync(new SimulateRequest { Spec = WithSteps(15), FieldEncoding = FieldEncoding.Float64, Species = { "u", "v" } });
        var whole = await server.Simulation.SimulateAsync(new SimulateRequest { Spec = Spec, FieldEncoding = FieldEncoding.Float64 });

        var rest = await server.Simulation.SimulateAsync(new SimulateRequest { Spec = WithSteps(25), FieldEncoding = FieldEncoding.Float64, InitialFields = { half.Field, half.FurtherFields[0] } });

        Assert.Equal(whole.Field, rest.Field);
    }

    [Fact]
    public async Task Simulate_BadSpeciesAndFields_AreAllRefusedByName()
    {
        await using var server = await TestServer.StartAsync();
        var field = new Field { Rows = 2, Columns = 2, Encoding = FieldEncoding.Float64, Values = Google.Protobuf.ByteString.CopyFrom(new byte[32]) };

        Assert.Equal("species[0] must be 'u', 'v' or a number from 0 to 1, but was '2'.", await RefusalAsync(new SimulateRequest { Spec = Spec, Species = { "2" } }));
        Assert.Equal("species must name each species once, but had 'u', '0'.", await RefusalAsync(new SimulateRequest { Spec = Spec, Species = { "u", "0" } }));
        Assert.Equal("initial_fields must have a field a species, 2 in all, but had 1. initial_fields[0] must be 14 x 9, but was 2 x 2.", await RefusalAsync(new SimulateRequest { Spec = Spec, InitialFields = { field } }));
        Assert.Equal("initial_fields must not be set without kinetics.", await RefusalAsync(new SimulateRequest { InitialFields = { field } }));
        Assert.Equal(
            "initial_fields[0] must be 14 x 9, but was 2 x 2. initial_fields[1] must be 14 x 9, but was 2 x 2.",
            await RefusalAsync(new SimulateRequest { Spec = Spec, InitialFields = { field, field } }));

        async Task<string> RefusalAsync(SimulateRequest request) =>
            (await Assert.ThrowsAsync<RpcException>(() => server.Simulation.SimulateAsync(request).ResponseAsync)).Status.Detail;
    }

    private static SimulationSpec WithSteps(int steps)
    {
        var spec = Spec.Clone();
        spec.Steps = steps;
        return spec;
    }

    private static Core.Simulation.SimulationSpec CoreSpec()
    {
        var problems = new RequestProblems();
        var spec = Spec.ToSpec(new LimitsOptions(), problems);
        problems.ThrowIfAny();
        return spec;
    }
}
