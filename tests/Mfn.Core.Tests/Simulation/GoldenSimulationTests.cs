using System.Text.Json;
using Mfn.Core.Fields;
using Mfn.Core.Randomness;
using Mfn.Core.Simulation;
using Mfn.Core.Statistics;

namespace Mfn.Core.Tests.Simulation;

/// <summary>Every recorded run of the reference, to the last bit.</summary>
public sealed class GoldenSimulationTests
{
    private const string ModelFile = "field_model.json";
    private const string EngineFile = "field_engine.json";

    public static TheoryData<string> ModelCases => GoldenFile.Ids(ModelFile);

    public static TheoryData<string> EngineCases => GoldenFile.Ids(EngineFile);

    public static TheoryData<int> WrapperCases => [.. Enumerable.Range(0, GoldenFile.Open(EngineFile).GetProperty("wrapper_cases").GetArrayLength())];

    public static TheoryData<int> ConfigCases => [.. Enumerable.Range(0, GoldenFile.Open(EngineFile).GetProperty("config_cases").GetArrayLength())];

    [Theory, MemberData(nameof(ModelCases))]
    public void Model_ReferenceRun_HasTheSameBits(string id)
    {
        var (inputs, outputs) = GoldenFile.Case(ModelFile, id);
        var spec = Spec(SimulationVariant.Model, inputs);
        var engine = new SimulationEngine(spec);

        engine.Advance(spec.StepCount);

        AssertField(outputs, "field", engine.Potential);
        AssertCorner(outputs, engine);
        Assert.Equal(outputs.GetProperty("growth_events").GetInt64(), engine.Counts.GrowthEvents);
        Assert.Equal(outputs.GetProperty("active_cells_above_-60mV").GetInt32(), engine.Potential.ToArray().Count(volts => volts > -0.06));
        var state = engine.Capture().Generator;
        GoldenFile.AssertState(outputs.GetProperty("rng_final"), state);
        Assert.Equal(outputs.GetProperty("next_random").GetDouble(), new RandomGenerator(state).NextDouble());

        var expected = outputs.GetProperty("stats");
        Assert.Equal(
            new FieldStatistics(
                expected.GetProperty("pot_min_mV").GetDouble(),
                expected.GetProperty("pot_max_mV").GetDouble(),
                expected.GetProperty("pot_mean_mV").GetDouble(),
                expected.GetProperty("pot_std_mV").GetDouble()),
            engine.PotentialStatistics.Scale(1000.0));
    }

    [Theory, MemberData(nameof(EngineCases))]
    public void Engine_ReferenceRun_HasTheSameBits(string id)
    {
        var (inputs, outputs) = GoldenFile.Case(EngineFile, id);
        var spec = Spec(SimulationVariant.Engine, inputs);
        var engine = new SimulationEngine(spec);
        var history = new List<double>();

        for (var step = 0; step < spec.StepCount; step++)
        {
            engine.TakeStep();
            history.AddRange(engine.Potential);
        }

        AssertField(outputs, "field", engine.Potential);
        AssertField(outputs, "activator", engine.Activator);
        AssertField(outputs, "inhibitor", engine.Inhibitor);
        AssertCorner(outputs, engine);
        AssertMetrics(outputs.GetProperty("metrics"), engine);
        GoldenFile.AssertState(outputs.GetProperty("rng_final"), engine.Capture().Generator);
        if (outputs.TryGetProperty("history", out var recorded))
        {
            Assert.Equal(GoldenFile.Array(recorded), history);
        }
    }

    [Theory, MemberData(nameof(WrapperCases))]
    public void Engine_ReferenceWrapper_HasTheSameBitsOrRefusesTheSame(int index)
    {
        var item = GoldenFile.Open(EngineFile).GetProperty("wrapper_cases")[index];
        var outputs = item.GetProperty("outputs");
        var spec = Spec(SimulationVariant.Engine, item.GetProperty("inputs"));
        if (outputs.TryGetProperty("ok", out _))
        {
            AssertAcceptance(outputs, spec, item.GetProperty("inputs"));
            return;
        }

        var engine = new SimulationEngine(spec);
        var history = new List<double>();
        for (var step = 0; step < spec.StepCount; step++)
        {
            engine.TakeStep();
            history.AddRange(engine.Potential);
        }

        Assert.Equal(outputs.GetProperty("field_sha256").GetString(), GoldenFile.Hash(engine.Potential));
        Assert.Equal(outputs.GetProperty("history_sha256").GetString(), GoldenFile.Hash<double>(history.ToArray()));
        Assert.Equal(outputs.GetProperty("growth_events").GetInt64(), engine.Counts.GrowthEvents);
        AssertMetrics(outputs.GetProperty("metadata_without_elapsed"), engine);
    }

    [Theory, MemberData(nameof(ConfigCases))]
    public void Engine_ReferenceConfiguration_IsAcceptedOrRefusedAlike(int index)
    {
        var item = GoldenFile.Open(EngineFile).GetProperty("config_cases")[index];
        var inputs = item.GetProperty("inputs");
        var outputs = item.GetProperty("outputs");
        if (inputs.TryGetProperty("simulate_steps", out _))
        {
            // The reference cannot stack an empty history; ours is an empty list.
            Assert.Equal("ValueError", outputs.GetProperty("error").GetString());
            Assert.Empty(new SimulationSpec { Variant = SimulationVariant.Engine, StepCount = 0 }.FindProblems());
            return;
        }

        AssertAcceptance(outputs, Spec(SimulationVariant.Engine, inputs), inputs);
    }

    private static void AssertAcceptance(JsonElement outputs, SimulationSpec spec, JsonElement inputs)
    {
        // The reference lets a NaN coefficient through because every comparison with it is false; a non-finite value never gets in here.
        var hasNaN = inputs.EnumerateObject().Any(input => input.Value.ValueKind == JsonValueKind.String && input.Value.GetString() == "NaN");
        var problems = spec.FindProblems();
        if (outputs.GetProperty("ok").GetBoolean() && !hasNaN)
        {
            Assert.Empty(problems);
            Assert.Equal(0, new SimulationEngine(spec).Step);
            return;
        }

        var name = inputs.EnumerateObject().Single().Name;
        Assert.Equal(PropertyName(name), Assert.Single(problems).Parameter);
        Assert.Throws<ArgumentException>(() => new SimulationEngine(spec));
    }

    private static string PropertyName(string name) => name switch
    {
        "grid_size" => nameof(SimulationSpec.GridSize),
        "d_activator" => nameof(SimulationSpec.ActivatorDiffusion),
        "d_inhibitor" => nameof(SimulationSpec.InhibitorDiffusion),
        "r_activator" => nameof(SimulationSpec.ActivatorRate),
        "r_inhibitor" => nameof(SimulationSpec.InhibitorRate),
        "alpha" => nameof(SimulationSpec.Alpha),
        "spike_probability" => nameof(SimulationSpec.SpikeProbability),
        "turing_threshold" => nameof(SimulationSpec.TuringThreshold),
        "jitter_var" => nameof(SimulationSpec.JitterVariance),
        _ => throw new ArgumentException(name, nameof(name)),
    };

    private static SimulationSpec Spec(SimulationVariant variant, JsonElement inputs)
    {
        var spec = new SimulationSpec { Variant = variant };
        foreach (var input in inputs.EnumerateObject())
        {
            spec = input.Name switch
            {
                "seed" => spec with { Seed = input.Value.GetUInt64() },
                "steps" => spec with { StepCount = input.Value.GetInt32() },
                "turing_enabled" => spec with { IsTuringEnabled = input.Value.GetBoolean() },
                "quantum_jitter" => spec with { IsJitterEnabled = input.Value.GetBoolean() },
                "boundary_condition" => spec with { Boundary = Enum.Parse<Boundary>(input.Value.GetString()!, ignoreCase: true) },
                "grid_size" => spec with { GridSize = input.Value.GetInt32() },
                "return_history" => spec,
                "d_activator" => spec with { ActivatorDiffusion = Number(input.Value) },
                "d_inhibitor" => spec with { InhibitorDiffusion = Number(input.Value) },
                "r_activator" => spec with { ActivatorRate = Number(input.Value) },
                "r_inhibitor" => spec with { InhibitorRate = Number(input.Value) },
                "alpha" => spec with { Alpha = Number(input.Value) },
                "spike_probability" => spec with { SpikeProbability = Number(input.Value) },
                "turing_threshold" => spec with { TuringThreshold = Number(input.Value) },
                "jitter_var" => spec with { JitterVariance = Number(input.Value) },
                _ => throw new ArgumentException($"Unknown input {input.Name}.", nameof(inputs)),
            };
        }

        return spec;
    }

    private static double Number(JsonElement value) => value.ValueKind == JsonValueKind.String ? double.NaN : value.GetDouble();

    private static void AssertField(JsonElement outputs, string name, ReadOnlySpan<double> actual)
    {
        if (outputs.TryGetProperty(name, out var stored))
        {
            Assert.Equal(GoldenFile.Array(stored), actual.ToArray());
        }

        Assert.Equal(outputs.GetProperty($"{name}_sha256").GetString(), GoldenFile.Hash(actual));
    }

    private static void AssertCorner(JsonElement outputs, SimulationEngine engine)
    {
        if (!outputs.TryGetProperty("field_corner_4x4", out var corner))
        {
            return;
        }

        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(GoldenFile.Doubles(corner[i]), engine.Potential.Slice(i * engine.Spec.GridSize, 4).ToArray());
        }
    }

    private static void AssertMetrics(JsonElement expected, SimulationEngine engine)
    {
        Assert.Equal(
            new FieldStatistics(
                expected.GetProperty("field_min_v").GetDouble(),
                expected.GetProperty("field_max_v").GetDouble(),
                expected.GetProperty("field_mean_v").GetDouble(),
                expected.GetProperty("field_std_v").GetDouble()),
            engine.PotentialStatistics);
        Assert.Equal(expected.GetProperty("activator_mean").GetDouble(), FieldStatistics.Of(engine.Activator).Mean);
        Assert.Equal(expected.GetProperty("inhibitor_mean").GetDouble(), FieldStatistics.Of(engine.Inhibitor).Mean);
        Assert.Equal(expected.GetProperty("steps_computed").GetInt32(), engine.Step);
        Assert.Equal(expected.GetProperty("turing_activations").GetInt64(), engine.Counts.TuringActivations);
        Assert.Equal(expected.GetProperty("clamping_events").GetInt64(), engine.Counts.ClampingEvents);
        if (expected.TryGetProperty("growth_events", out var growthEvents))
        {
            Assert.Equal(growthEvents.GetInt64(), engine.Counts.GrowthEvents);
        }
    }
}
