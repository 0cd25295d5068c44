using Grpc.Core;
using Mfn.Client;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;
using Mfn.Core.Simulation;
using Mfn.Core.Statistics;
using Precision = Mfn.Contracts.V1.Precision;
using SimulationSpec = Mfn.Contracts.V1.SimulationSpec;
using SimulationVariant = Mfn.Contracts.V1.SimulationVariant;

namespace Mfn.Server.Tests.Runs;

/// <summary>Watching the activator and the inhibitor of the reference: the engine's bits, in no unit.</summary>
public sealed class ReferenceSpeciesTests
{
    private const int LastStep = 20;
    private const int GridSize = 12;

    public static TheoryData<SimulationVariant, Precision, string, int> Fields
    {
        get
        {
            var data = new TheoryData<SimulationVariant, Precision, string, int>();
            foreach (var variant in new[] { SimulationVariant.Model, SimulationVariant.Engine })
            {
                data.Add(variant, Precision.Binary64, "activator", 1);
                data.Add(variant, Precision.Binary32, "inhibitor", 2);
                data.Add(variant, Precision.Binary32, "1", 1);
                data.Add(variant, Precision.Binary64, "2", 2);
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(Fields))]
    public async Task Watch_ActivatorOrInhibitor_HasTheBitsOfTheEngine(SimulationVariant variant, Precision precision, string name, int index)
    {
        await using var server = await TestServer.StartAsync();
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address });
        var spec = new SimulationSpec { Variant = variant, Precision = precision, GridSize = GridSize, Seed = 5, SpikeProbability = 0.5, TuringEnabled = true };
        var run = await client.Runs.CreateAsync(new CreateRunRequest { Spec = spec, Stop = new StopCondition { AfterStep = LastStep } });

        var whole = await FramesAsync(new WatchRunRequest { FieldEncoding = FieldEncoding.Float64, Statistics = true });
        var deltas = await FramesAsync(new WatchRunRequest { FieldEncoding = FieldEncoding.Float64, KeyFrameInterval = 7 });
        var singles = await FramesAsync(new WatchRunRequest { FieldEncoding = FieldEncoding.Float32 });
        var region = await FramesAsync(new WatchRunRequest { FieldEncoding = FieldEncoding.Float64, Region = new Region { Row = 2, Column = 3, Rows = 1, Columns = 4 } });
        var quantised = await FramesAsync(new WatchRunRequest { FieldEncoding = FieldEncoding.Quantized16 });

        var expected = Computed(spec, index);
        Assert.Equal(expected, whole.Select(frame => frame.Cells.ToArray()));
        Assert.Equal(expected, deltas.Select(frame => frame.Cells.ToArray()));
        Assert.Contains(deltas, frame => frame.IsDelta);
        Assert.Equal(expected.Select(cells => cells.Select(cell => (double)(float)cell)), singles.Select(frame => frame.Cells.ToArray()));
        Assert.Equal(expected.Select(cells => cells[((2 * GridSize) + 3)..((2 * GridSize) + 7)]), region.Select(frame => frame.Cells.ToArray()));
        for (var step = 0; step <= LastStep; step++)
        {
            AssertNear(expected[step], quantised[step]);
            AssertFacts(expected[step], step, index == 1 ? "activator" : "inhibitor", whole[step].Facts);
        }

        async Task<List<FrameEvent>> FramesAsync(WatchRunRequest request)
        {
            (request.RunId, request.FromStep, request.Species) = (run.RunId, 0, name);
            return await client.Runs.WatchAsync(request).OfType<FrameEvent>().ToListAsync();
        }
    }

    [Fact]
    public async Task Watch_SpeciesThatTheRunHasNot_IsRefusedByName()
    {
        await using var server = await TestServer.StartAsync();
        var without = await CreateAsync(new SimulationSpec { GridSize = 8, TuringEnabled = false });
        var with = await CreateAsync(new SimulationSpec { GridSize = 8 });

        await RefusedAsync("species must be 'potential' or a number from 0 to 0, but was 'activator'.", new WatchRunRequest { RunId = without, Species = "activator" });
        await RefusedAsync("species must be 'potential', 'activator', 'inhibitor' or a number from 0 to 2, but was 'u'.", new WatchRunRequest { RunId = with, Species = "u" });
        await RefusedAsync(
            "features must not be set beside the species 'inhibitor', which stands for no potential.",
            new WatchRunRequest { RunId = with, Species = "inhibitor", Features = new FeatureOptions() });

        async Task<string> CreateAsync(SimulationSpec spec) => (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = spec, Paused = true })).Run.RunId;

        async Task RefusedAsync(string reason, WatchRunRequest request)
        {
            using var call = server.Runs.WatchRun(request);
            var refused = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None));
            Assert.Equal((StatusCode.InvalidArgument, reason), (refused.StatusCode, refused.Status.Detail));
        }
    }

    /// <summary>The field after each step, from the first on.</summary>
    private static List<double[]> Computed(SimulationSpec spec, int index)
    {
        using var engine = new SimulationEngine(RandomSpec.ToCore(spec));
        var fields = new List<double[]> { engine.Species(index).ToArray() };
        while (engine.Step < LastStep)
        {
            engine.Advance(1);
            fields.Add(engine.Species(index).ToArray());
        }

        return fields;
    }

    private static void AssertNear(double[] cells, FrameEvent quantised)
    {
        var field = quantised.Field!;
        Assert.Equal((0, 0), (field.QuantumVolts, field.LargestErrorVolts));
        Assert.InRange(field.SpeciesLargestError, double.Epsilon, (cells.Max() - cells.Min()) / 65535);
        Assert.All(cells.Zip(quantised.Cells.ToArray()), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, field.SpeciesLargestError));
    }

    private static void AssertFacts(double[] cells, int step, string symbol, FrameFacts facts)
    {
        var (statistics, expected) = (facts.SpeciesStatistics, FieldStatistics.Of(cells));
        Assert.Equal((symbol, symbol, (double)step), (facts.Species, statistics.Species, facts.Time));
        Assert.Equal(
            (expected.Minimum, expected.Maximum, expected.Mean, expected.StandardDeviation),
            (statistics.Minimum, statistics.Maximum, statistics.Mean, statistics.StandardDeviation));
        Assert.Null(facts.Statistics);
    }
}
