using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Pricing;
using Mfn.Server.Tests.Cli;

namespace Mfn.Server.Tests.Pricing;

/// <summary>An estimate is what the answer then states, and what an explanation says.</summary>
public sealed class EstimateCostTests
{
    private static readonly SimulationSpec[] Specs =
    [
        new(),
        new() { GridSize = 16, Steps = 7, JitterEnabled = true, Precision = Precision.Binary32 },
        new() { GridSize = 32, Steps = 9, TuringEnabled = false },
        new() { Steps = 5, GrayScott = new GrayScott(), Domain = new Domain { Rows = 16, Columns = 48 } },
        new() { Steps = 5, Brusselator = new Brusselator(), Domain = new Domain { Rows = 16, Columns = 24 }, Integrator = Integrator.Adi, Noise = new Noise { Additive = { 0.001, 0.001 } } },
        new() { Steps = 5, SwiftHohenberg = new SwiftHohenberg(), Domain = new Domain { Rows = 16, Columns = 16 } },
    ];

    public static TheoryData<int> Indices => [.. Enumerable.Range(0, Specs.Length)];

    [Theory, MemberData(nameof(Indices))]
    public async Task EstimateCost_OfASpec_IsWhatSimulateStatesAndExplainSays(int index)
    {
        await using var server = await TestServer.StartAsync();

        var estimate = await server.Simulation.EstimateCostAsync(new EstimateCostRequest { Spec = Specs[index] });
        var explained = await server.Simulation.ExplainAsync(new ExplainRequest { Spec = Specs[index] });
        var stated = await StatedAsync(server.Simulation.SimulateAsync(new SimulateRequest { Spec = Specs[index] }));

        Assert.Equal((stated, estimate.PredictedSeconds), (estimate.Price, explained.PredictedSeconds));
        Assert.Equal(stated, explained.Price);
        Assert.Contains($"The work is {stated} cell-steps (", explained.Lines[^1], StringComparison.Ordinal);
        Assert.Equal(estimate.Price, estimate.Parts.Sum(part => part.Price));
        Assert.Equal(estimate.PredictedSeconds, estimate.Parts.Sum(part => part.PredictedSeconds), 1e-6);
        Assert.False(estimate.Calibrated);
    }

    [Fact]
    public async Task EstimateCost_OfSimulationsWithAllThatTheyCanHave_IsWhatTheyState()
    {
        await using var server = await TestServer.StartAsync();
        var simulate = new SimulateRequest
        {
            Spec = Specs[3],
            FieldEncoding = FieldEncoding.Float64,
            Features = new FeatureOptions { ScaleCount = 7 },
            FractalDimension = true,
            PatternFeatures = new PatternFeatureOptions(),
            Species = { "v", "u" },
        };
        var stream = new StreamSimulationRequest
        {
            Spec = Specs[0],
            EveryNSteps = 3,
            FieldEncoding = FieldEncoding.Float32,
            Features = new FeatureOptions(),
            FractalDimension = true,
            AnalysisInFrames = true,
        };

        var simulated = await StatedAsync(server.Simulation.SimulateAsync(simulate));
        using var call = server.Simulation.StreamSimulation(stream);
        await foreach (var _ in call.ResponseStream.ReadAllAsync())
        {
        }

        Assert.Equal(simulated, (await server.Simulation.EstimateCostAsync(new EstimateCostRequest { Simulate = simulate })).Price);
        Assert.Equal(Stated(call.GetTrailers()), (await server.Simulation.EstimateCostAsync(new EstimateCostRequest { StreamSimulation = stream })).Price);
    }

    [Fact]
    public async Task EstimateCost_OfFeaturesRoundsAndValidation_IsWhatTheyState()
    {
        await using var server = await TestServer.StartAsync();
        var field = new Field { Rows = 16, Columns = 20, Encoding = FieldEncoding.Float64, Values = ByteString.CopyFrom(new byte[16 * 20 * 8]) };
        var round = new AggregateRequest { Spec = new AggregationSpec { Length = 32, ByzantineCount = 1, Rule = new AggregationRule { Bulyan = new BulyanRule() } } };
        round.Updates.Add(Enumerable.Range(0, 9).Select(i => new ClientUpdate { ClientId = $"client-{i}", Values = ByteString.CopyFrom(new byte[32 * 4]) }));
        var validation = new ValidateRequest { GridSize = 16, Steps = 4 };

        var features = await StatedAsync(server.Features.ExtractFeaturesAsync(new ExtractFeaturesRequest { Frames = { field, field, field } }));
        var aggregated = await StatedAsync(server.Aggregation.AggregateAsync(round));
        var validated = await StatedAsync(new ValidationService.ValidationServiceClient(server.Channel).ValidateAsync(validation));

        Assert.Equal(features, await EstimateAsync(new EstimateCostRequest { Features = new FeaturesCost { Rows = 16, Columns = 20, FrameCount = 3 } }));
        Assert.Equal(aggregated, await EstimateAsync(new EstimateCostRequest { Aggregation = new AggregationCost { Spec = round.Spec, UpdateCount = 9 } }));
        Assert.Equal(validated, await EstimateAsync(new EstimateCostRequest { Validation = validation }));
        Assert.Equal(
            features + (16 * 20 * 8),
            await EstimateAsync(new EstimateCostRequest { Features = new FeaturesCost { Rows = 16, Columns = 20, FrameCount = 3, EveryNFrames = 2 } }));

        async Task<long> EstimateAsync(EstimateCostRequest request) => (await server.Simulation.EstimateCostAsync(request)).Price;
    }

    [Fact]
    public async Task EstimateCost_AfterPatternFeaturesAlone_KnowsNothingOfFramesOfFeatures()
    {
        await using var server = await TestServer.StartAsync();
        var spec = new SimulationSpec { Steps = 2000, GrayScott = new GrayScott(), Domain = new Domain { Rows = 64, Columns = 64 }, Precision = Precision.Binary32 };

        await server.Simulation.SimulateAsync(new SimulateRequest { Spec = spec, PatternFeatures = new PatternFeatureOptions() });
        var estimate = await server.Simulation.EstimateCostAsync(
            new EstimateCostRequest { Simulate = new SimulateRequest { Spec = spec, Features = new FeatureOptions(), PatternFeatures = new PatternFeatureOptions() } });

        Assert.True(estimate.Parts.Single(part => part.Work == "pattern").Calibrated);
        Assert.False(estimate.Parts.Single(part => part.Work == "feature frame kinetics f32").Calibrated);
    }

    [Fact]
    public async Task EstimateCost_BadRequests_AreRefusedByTheNamesOfTheirFields()
    {
        await using var server = await TestServer.StartAsync();
        var bad = new SimulationSpec { GridSize = 2, Steps = 0 };

        Assert.Equal(
            "spec.grid_size must be between 4 and 1024, but was 2. spec.steps must be between 1 and 10000, but was 0.",
            await RefusalAsync(new EstimateCostRequest { Spec = bad }));
        Assert.Equal(
            "simulate.spec.grid_size must be between 4 and 1024, but was 2. simulate.spec.steps must be between 1 and 10000, but was 0.",
            await RefusalAsync(new EstimateCostRequest { Simulate = new SimulateRequest { Spec = bad } }));
        Assert.Equal(
            "stream_simulation.every_n_steps must be between 1 and 10000, but was 0.",
            await RefusalAsync(new EstimateCostRequest { StreamSimulation = new StreamSimulationRequest { EveryNSteps = 0 } }));
        Assert.Equal(
            "features.rows must be between 1 and 1024, but was 0. features.columns must be between 1 and 1024, but was 2000. "
            + "features.frame_count must be between 1 and 10000, but was 0. features.every_n_frames must be between 1 and 2147483647, but was 0.",
            await RefusalAsync(new EstimateCostRequest { Features = new FeaturesCost { Columns = 2000, EveryNFrames = 0 } }));
        Assert.Equal(
            "aggregation.spec must be set. aggregation.update_count must be between 0 and 2147483647, but was -1.",
            await RefusalAsync(new EstimateCostRequest { Aggregation = new AggregationCost { UpdateCount = -1 } }));
        Assert.StartsWith("validation.", await RefusalAsync(new EstimateCostRequest { Validation = new ValidateRequest { Epochs = 1000 } }), StringComparison.Ordinal);

        async Task<string> RefusalAsync(EstimateCostRequest request)
        {
            var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Simulation.EstimateCostAsync(request));
            Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
            return error.Status.Detail;
        }
    }

    [Fact]
    public async Task EstimateCost_AfterSuchWork_IsByMeasurements()
    {
        await using var server = await TestServer.StartAsync();
        var request = new EstimateCostRequest { Spec = new SimulationSpec { GridSize = 128, Steps = 200 } };
        await server.Simulation.SimulateAsync(new SimulateRequest { Spec = request.Spec });

        // What the call took besides is noted when its answer has gone.
        EstimateCostResponse estimate;
        do
        {
            estimate = await server.Simulation.EstimateCostAsync(request);
        }
        while (!estimate.Calibrated);

        Assert.All(estimate.Parts, part => Assert.True(part.Calibrated, part.Work));
        Assert.Equal(["call simulate", "begin reference f64", "step reference euler f64"], estimate.Parts.Select(part => part.Work));
        Assert.Equal([0, 0, 128 * 128 * 200], estimate.Parts.Select(part => part.Price));
    }

    [Fact]
    public async Task CostCommand_TellsPriceAndTimeOfASpec()
    {
        string[] arguments = ["cost", "--grid", "64", "--steps", "100", "--features"];
        var (exitCode, output, _) = await InProcess.RunAsync(arguments);
        Assert.Equal(0, exitCode);
        Assert.StartsWith($"The price is {(64 * 64 * 100 * 2) + (64 * 64 * 8)} cell-steps.\nIt takes about ", output, StringComparison.Ordinal);
        Assert.Matches("\nstep reference euler f64 +409600 +[0-9.E-]+ +constants\n", output);

        await using var server = await TestServer.StartAsync();
        var here = JsonDocument.Parse((await InProcess.RunAsync([.. arguments, "--json"])).Output).RootElement;
        var there = JsonDocument.Parse((await InProcess.RunAsync([.. arguments, "--json", "--server", server.Address.ToString()])).Output).RootElement;
        Assert.Equal(here.GetProperty("price").GetInt64(), there.GetProperty("price").GetInt64());
        Assert.Equal(5, here.GetProperty("parts").GetArrayLength());
        Assert.True(here.GetProperty("predicted_seconds").GetDouble() > 0);

        using var client = new MfnClient(new MfnClientOptions { Address = server.Address });
        var estimate = await client.EstimateCostAsync(new EstimateCostRequest { Spec = new SimulationSpec { GridSize = 64, Steps = 100 } });
        Assert.Equal(64 * 64 * 100, estimate.Price);
    }

    [Fact]
    public async Task CostCommand_BadArguments_AreRefusedInTheirWords()
    {
        var (exitCode, _, error) = await InProcess.RunAsync("cost", "--grid", "2");

        Assert.Equal(2, exitCode);
        Assert.Contains("--grid", error, StringComparison.Ordinal);
    }

    private static async Task<long> StatedAsync<T>(AsyncUnaryCall<T> call)
    {
        using (call)
        {
            await call;
            return Stated(call.GetTrailers());
        }
    }

    private static long Stated(Metadata trailers) =>
        long.Parse(Assert.Single(trailers, entry => entry.Key == CallPrices.Trailer).Value, CultureInfo.InvariantCulture);
}
