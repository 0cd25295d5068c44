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
        var spec = new SimulationSpec { Variant = variant, Precision = precision, GridSize = 12, Seed = 5, SpikeProbability = 0.5, TuringEnabled = true };
        var run = await client.Runs.CreateAsync(new CreateRunRequest { Spec = spec, Stop = new StopCondition { AfterStep = LastStep } });

        var whole = await FramesAsync(new WatchRunRequest { FieldEncoding = FieldEncoding.Float64, Statistics = true });
        var deltas = await FramesAsync(new WatchRunRequest { FieldEncoding = FieldEncoding.Float64, KeyFrameInterval = 7 });
        var singles = await FramesAsync(new WatchRunRequest { FieldEncoding = FieldEncoding.Float32 });
        var region = await FramesAsync(new WatchRunRequest { FieldEncoding = FieldEncoding.Float64, Region = new Region { Row = 2, Column = 3, Rows = 1, Columns = 4 } });
        var quantised = await FramesAsync(new WatchRunRequest { FieldEncoding = FieldEncoding.Quantized16 });

        using var engine = new SimulationEngine(RandomSpec.ToCore(spec));
        Assert.Equal(LastStep + 1, whole.Count);
        Assert.Contains(deltas, frame => frame.IsDelta);
        foreach (var (step, frame) in whole.Index())
        {
            if (step > 0)
            {
                engine.Advance(1);
            }

            var cells = engine.Species(index).ToArray();
            Assert.Equal(cells, frame.Cells.ToArray());
            Assert.Equal(cells, deltas[step].Cells.ToArray());
            Assert.Equal(cells.Select(cell => (double)(float)cell), singles[step].Cells.ToArray());
            Assert.Equal(cells[((2 * 12) + 3)..((2 * 12) + 7)], region[step].Cells.ToArray());

            var near = quantised[step];
            Assert.Equal((0, 0), (near.Field!.QuantumVolts, near.Field.LargestErrorVolts));
            Assert.InRange(near.Field.SpeciesLargestError, double.Epsilon, (cells.Max() - cells.Min()) / 65535);
            Assert.All(cells.Zip(near.Cells.ToArray()), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, near.Field.SpeciesLargestError));

            var (statistics, expected) = (frame.Facts.SpeciesStatistics, FieldStatistics.Of(cells));
            var symbol = index == 1 ? "activator" : "inhibitor";
            Assert.Equal((symbol, symbol, (double)step), (frame.Facts.Species, statistics.Species, frame.Facts.Time));
            Assert.Equal(
                (expected.Minimum, expected.Maximum, expected.Mean, expected.StandardDeviation),
                (statistics.Minimum, statistics.Maximum, statistics.Mean, statistics.StandardDeviation));
            Assert.Null(frame.Facts.Statistics);
        }

        async Task<List<FrameEvent>> FramesAsync(WatchRunRequest request)
        {
            (request.RunId, request.FromStep, request.Species) = (run.RunId, 0, name);
            return [.. (await client.Runs.WatchAsync(request).ToListAsync()).OfType<FrameEvent>()];
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
}
