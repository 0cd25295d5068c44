using System.Runtime.InteropServices;
using Grpc.Core;
using Mfn.Client;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;
using CorePatternFeatureOptions = Mfn.Core.Spectra.PatternFeatureOptions;
using CorePatternFeatures = Mfn.Core.Spectra.PatternFeatures;

namespace Mfn.Server.Tests.Simulation;

public sealed class PatternFeatureTests
{
    private static readonly SimulationSpec Oscillator = new()
    {
        Brusselator = new Brusselator { A = 1, B = 3, UDiffusion = 1, VDiffusion = 0.1 },
        Domain = new Domain { Rows = 12, Columns = 15, CellWidth = 2, TimeStep = 0.01 },

        // On the limit cycle from the first turn on.
        Initial = new InitialPattern { Uniform = { 1, 1 }, Noise = 0.01 },
        Steps = 4000,
        Seed = 3,
    };

    [Fact]
    public async Task Simulate_PatternFeatures_AreThoseOfItsFieldsAndThePeriodOfTheLimitCycle()
    {
        await using var server = await TestServer.StartAsync();

        var response = await server.Simulation.SimulateAsync(new SimulateRequest
        {
            Spec = Oscillator,
            FieldEncoding = FieldEncoding.Float64,
            Species = { "v", "u" },
            PatternFeatures = new PatternFeatureOptions { Connectivity = 8 },
        });

        var features = response.Summary.PatternFeatures;
        var expected = CorePatternFeatures.Of(
            Cells(response.Field), Cells(response.FurtherFields[0]), 12, 15, new CorePatternFeatureOptions { CellWidth = 2, Connectivity = Mfn.Core.Features.Connectivity.Eight });
        Assert.Equal(
            (CorePatternFeatures.DefinitionVersion, expected.MeanWavelength, expected.WavelengthSpread, expected.PeakWavelength),
            (features.DefinitionVersion, features.MeanWavelength, features.WavelengthSpread, features.PeakWavelength));
        Assert.Equal(
            (expected.Threshold, expected.SpotCount, expected.AreaFraction, expected.StripeDefects!.Value.Total, expected.PhaseSingularities!.Value.Total),
            (features.Threshold, features.SpotCount, features.AreaFraction, features.StripeDefectCount, features.PhaseSingularityCount));

        // The limit cycle of A 1, B 3: 7.16.
        Assert.InRange(features.OscillationPeriod, 0.97 * 7.16, 1.03 * 7.16);
    }

    [Fact]
    public async Task StreamSimulationAndWatchRun_PatternFeatures_ComeWithFrames()
    {
        await using var server = await TestServer.StartAsync();
        var spec = Oscillator.Clone();
        spec.Steps = 20;
        using var call = server.Simulation.StreamSimulation(new StreamSimulationRequest
        {
            Spec = spec,
            EveryNSteps = 10,
            PatternFeatures = new PatternFeatureOptions { Threshold = 1 },
            AnalysisInFrames = true,
        });
        var responses = await call.ResponseStream.ReadAllAsync().ToListAsync();
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address });
        var run = await client.Runs.CreateAsync(new CreateRunRequest { Spec = spec });
        var watched = new List<PatternFeatures>();
        await foreach (var item in client.Runs.WatchAsync(new WatchRunRequest { RunId = run.RunId, FromStep = 0, EveryNSteps = 10, PatternFeatures = new PatternFeatureOptions { Threshold = 1 } }))
        {
            if (item is FrameEvent { Facts: { } facts })
            {
                watched.Add(facts.PatternFeatures);
            }
        }

        Assert.Equal(1, responses[0].Frame.PatternFeatures.Threshold);
        Assert.Equal(responses[1].Frame.PatternFeatures, responses[2].Summary.PatternFeatures);
        Assert.Equal(responses[..2].Select(response => response.Frame.PatternFeatures), watched[^2..]);
    }

    [Fact]
    public async Task Simulate_BadOptions_AreRefusedByTheirNames()
    {
        await using var server = await TestServer.StartAsync();

        var error = await Assert.ThrowsAsync<RpcException>(() => server.Simulation.SimulateAsync(
            new SimulateRequest { PatternFeatures = new PatternFeatureOptions { Threshold = double.NaN, Connectivity = 6 } }).ResponseAsync);

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains("pattern_features must not be set without kinetics", error.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("pattern_features.threshold", error.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("pattern_features.connectivity must be 4 or 8, but was 6", error.Status.Detail, StringComparison.Ordinal);
    }

    private static double[] Cells(Field field) => MemoryMarshal.Cast<byte, double>(field.Values.Span).ToArray();
}
