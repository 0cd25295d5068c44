using Grpc.Core;
using Mfn.Client;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Simulation;

public sealed class BadInputTests
{
    public static TheoryData<string, SimulationSpec, string> BadSpecs => new()
    {
        { "spec.grid_size", new SimulationSpec { GridSize = 0 }, "must be between 4 and 1024, but was 0" },
        { "spec.grid_size", new SimulationSpec { GridSize = 3 }, "must be between 4 and 1024, but was 3" },
        { "spec.grid_size", new SimulationSpec { GridSize = 1_000_000 }, "must be between 4 and 1024, but was 1000000" },
        { "spec.grid_size", new SimulationSpec { Variant = SimulationVariant.Engine, GridSize = 1025 }, "must be between 4 and 1024, but was 1025" },
        { "spec.steps", new SimulationSpec { Steps = 0 }, "must be between 1 and 10000, but was 0" },
        { "spec.steps", new SimulationSpec { Steps = -1 }, "must be between 1 and 10000, but was -1" },
        { "spec.steps", new SimulationSpec { Steps = 10_001 }, "must be between 1 and 10000, but was 10001" },
        { "spec.seed", new SimulationSpec { Seed = -7 }, "must be between 0 and 9223372036854775807, but was -7" },
        { "spec.alpha", new SimulationSpec { Alpha = 0.25 }, "must be at least 0 and below 0.25, but was 0.25; set allow_unstable to go up to 1" },
        { "spec.alpha", new SimulationSpec { Alpha = double.NaN }, "must be at least 0 and below 0.25, but was NaN" },
        { "spec.alpha", new SimulationSpec { Alpha = double.PositiveInfinity }, "must be at least 0 and below 0.25, but was Infinity" },
        { "spec.alpha", new SimulationSpec { Alpha = -0.01 }, "must be at least 0 and below 0.25, but was -0.01" },
        { "spec.alpha", new SimulationSpec { Alpha = 1.5 }, "must be at least 0 and below 0.25, but was 1.5" },
        { "spec.alpha", new SimulationSpec { Alpha = 1.01, AllowUnstable = true }, "must be between 0 and 1, but was 1.01" },
        { "spec.alpha", new SimulationSpec { Variant = SimulationVariant.Engine, Alpha = 0.04 }, "must be at least 0.05 and below 0.25, but was 0.04" },
        { "spec.spike_probability", new SimulationSpec { SpikeProbability = 1.5 }, "must be between 0 and 1, but was 1.5" },
        { "spec.spike_probability", new SimulationSpec { SpikeProbability = double.NaN }, "must be between 0 and 1, but was NaN" },
        { "spec.turing_threshold", new SimulationSpec { TuringThreshold = 1.1 }, "must be between 0 and 1, but was 1.1" },
        { "spec.turing_threshold", new SimulationSpec { Variant = SimulationVariant.Engine, TuringThreshold = 0.4 }, "must be between 0.5 and 0.95, but was 0.4" },
        { "spec.jitter_variance_volts_squared", new SimulationSpec { JitterVarianceVoltsSquared = 0.02 }, "must be between 0 and 0.01, but was 0.02" },
        { "spec.variant", new SimulationSpec { Variant = (SimulationVariant)9 }, "must be SIMULATION_VARIANT_MODEL or SIMULATION_VARIANT_ENGINE, but was 9" },
        { "spec.precision", new SimulationSpec { Precision = (Precision)3 }, "must be PRECISION_BINARY64 or PRECISION_BINARY32, but was 3" },
        { "spec.allow_unstable", new SimulationSpec { Variant = SimulationVariant.Engine, AllowUnstable = true }, "must not be set if variant is SIMULATION_VARIANT_ENGINE, whose alpha is always below 0.25" },
        { "spec.engine", new SimulationSpec { Engine = new EngineParameters() }, "must not be set unless variant is SIMULATION_VARIANT_ENGINE" },
        { "spec.engine.boundary", Engine(new EngineParameters { Boundary = (Boundary)4 }), "must be BOUNDARY_PERIODIC, BOUNDARY_NEUMANN or BOUNDARY_DIRICHLET, but was 4" },
        { "spec.engine.activator_diffusion", Engine(new EngineParameters { ActivatorDiffusion = 0.25 }), "must be at least 0.01 and below 0.25, but was 0.25" },
        { "spec.engine.inhibitor_diffusion", Engine(new EngineParameters { InhibitorDiffusion = double.NaN }), "must be at least 0.01 and below 0.25, but was NaN" },
        { "spec.engine.activator_rate", Engine(new EngineParameters { ActivatorRate = 0 }), "must be between 0.001 and 0.1, but was 0" },
        { "spec.engine.inhibitor_rate", Engine(new EngineParameters { InhibitorRate = 1 }), "must be between 0.001 and 0.1, but was 1" },
    };

    [Theory, MemberData(nameof(BadSpecs))]
    public async Task BothCalls_BadSpec_NameTheFieldTheRangeAndTheValue(string field, SimulationSpec spec, string description)
    {
        await using var server = await TestServer.StartAsync();

        AssertRefused(await Assert.ThrowsAsync<RpcException>(async () => await server.Simulation.SimulateAsync(new SimulateRequest { Spec = spec })));
        AssertRefused(await StreamErrorAsync(server, new StreamSimulationRequest { Spec = spec }));
        Assert.Empty(server.Simulations.Active);

        void AssertRefused(RpcException error)
        {
            var violation = Assert.Single(error.GetFieldViolations());
            Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
            Assert.Equal((field, description), (violation.Field, violation.Description));
            Assert.Equal($"{field} {description}.", error.Status.Detail);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-3)]
    [InlineData(10_001)]
    public async Task StreamSimulation_BadFrameInterval_IsRefused(int everyNSteps)
    {
        await using var server = await TestServer.StartAsync();

        var error = await StreamErrorAsync(server, new StreamSimulationRequest { EveryNSteps = everyNSteps });

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal($"every_n_steps must be between 1 and 10000, but was {everyNSteps}.", error.Status.Detail);
    }

    [Theory]
    [InlineData(77, "")]
    [InlineData(3, "; quantised fields are for WatchRun")]
    [InlineData(4, "; quantised fields are for WatchRun")]
    public async Task BothCalls_EncodingThatTheyDoNotHave_IsRefused(int encoding, string advice)
    {
        var expected = $"field_encoding must be FIELD_ENCODING_FLOAT64, FIELD_ENCODING_FLOAT32 or unset, but was {encoding}{advice}.";
        await using var server = await TestServer.StartAsync();

        var simulate = await Assert.ThrowsAsync<RpcException>(
            async () => await server.Simulation.SimulateAsync(new SimulateRequest { FieldEncoding = (FieldEncoding)encoding }));
        var stream = await StreamErrorAsync(server, new StreamSimulationRequest { FieldEncoding = (FieldEncoding)encoding });

        Assert.Equal((StatusCode.InvalidArgument, expected), (simulate.StatusCode, simulate.Status.Detail));
        Assert.Equal((StatusCode.InvalidArgument, expected), (stream.StatusCode, stream.Status.Detail));
    }

    [Fact]
    public async Task StreamSimulation_SeveralProblems_AreAllNamed()
    {
        await using var server = await TestServer.StartAsync();
        var request = new StreamSimulationRequest
        {
            Spec = new SimulationSpec { GridSize = 3, Steps = 0, Seed = -1, Alpha = double.NaN, Variant = SimulationVariant.Engine, Engine = new EngineParameters { Boundary = (Boundary)8 } },
            EveryNSteps = 0,
            FieldEncoding = (FieldEncoding)3,
        };

        var error = await StreamErrorAsync(server, request);

        Assert.Equal(
            ["every_n_steps", "field_encoding", "spec.alpha", "spec.engine.boundary", "spec.grid_size", "spec.seed", "spec.steps"],
            error.GetFieldViolations().Select(violation => violation.Field).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(0.25)]
    [InlineData(1.0)]
    public async Task Simulate_UnstableAlphaThatIsAllowed_Runs(double alpha)
    {
        await using var server = await TestServer.StartAsync();

        var response = await server.Simulation.SimulateAsync(new SimulateRequest
        {
            Spec = new SimulationSpec { GridSize = 8, Steps = 50, Alpha = alpha, AllowUnstable = true },
        });

        Assert.InRange(response.Summary.Statistics.MinPotentialMillivolts, -95, 40);
    }

    private static SimulationSpec Engine(EngineParameters parameters) => new() { Variant = SimulationVariant.Engine, Engine = parameters };

    private static async Task<RpcException> StreamErrorAsync(TestServer server, StreamSimulationRequest request)
    {
        using var call = server.Simulation.StreamSimulation(request);
        return await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None));
    }
}
