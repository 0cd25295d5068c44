using System.Collections.Immutable;
using System.Text.Json;
using Mfn.Core.Fields;
using Mfn.Core.Randomness;
using Mfn.Core.Simulation;

namespace Mfn.Core.Tests.Simulation;

/// <summary>The reference's <c>full_simulation_step</c> on stored fields, to the last bit.</summary>
public sealed class GoldenStepTests
{
    private const string File = "numerics.json";

    public static TheoryData<string> StepCases => GoldenFile.Ids(File, "step_cases");

    public static TheoryData<int> ConfigCases => [.. Enumerable.Range(0, GoldenFile.Open(File).GetProperty("config_cases").GetArrayLength())];

    [Theory, MemberData(nameof(StepCases))]
    public void Numerics_ReferenceSteps_HaveTheSameBits(string id)
    {
        var (inputs, outputs) = GoldenFile.Case(File, id, "step_cases");
        var spec = Spec(inputs) with { GridSize = inputs.GetProperty("field").GetProperty("shape")[0].GetInt32() };
        var engine = SimulationEngine.Restore(spec, new SimulationState
        {
            Step = 0,
            Species = [Stored(inputs, "field"), Stored(inputs, "activator"), Stored(inputs, "inhibitor")],
            Generator = new RandomGenerator(inputs.GetProperty("rng_seed").GetInt64()).State,
            Counts = default,
        });

        foreach (var expected in outputs.GetProperty("metrics_per_step").EnumerateArray())
        {
            var before = engine.Counts;
            engine.TakeStep();

            Assert.Equal(expected.GetProperty("growth_event").GetBoolean(), engine.LastGrowthEvent is not null);
            Assert.Equal(expected.GetProperty("turing_activations").GetInt64(), engine.Counts.TuringActivations - before.TuringActivations);
            Assert.Equal(expected.GetProperty("clamping_events").GetInt64(), engine.Counts.ClampingEvents - before.ClampingEvents);
        }

        Assert.Equal(GoldenFile.Array(outputs.GetProperty("field")), engine.Potential.ToArray());
        Assert.Equal(GoldenFile.Array(outputs.GetProperty("activator")), engine.Activator.ToArray());
        Assert.Equal(GoldenFile.Array(outputs.GetProperty("inhibitor")), engine.Inhibitor.ToArray());
    }

    [Theory, MemberData(nameof(ConfigCases))]
    public void Numerics_ReferenceConfiguration_IsAcceptedOrRefusedAlike(int index)
    {
        var item = GoldenFile.Open(File).GetProperty("config_cases")[index];
        var inputs = item.GetProperty("inputs");
        var outputs = item.GetProperty("outputs");
        if (inputs.TryGetProperty("laplacian_of", out var kind))
        {
            // The reference raises on the Laplacian of such a field; here the step that would use it does, after the fact.
            var field = new Field(3, 3);
            var laplacian = new Field(3, 3);
            field.Cells[0] = double.PositiveInfinity;
            if (kind.GetString() == "nan")
            {
                field.Cells.Fill(double.NaN);
            }

            Laplacian.Apply(field, Boundary.Neumann, laplacian);
            Assert.Equal(outputs.GetProperty("nan_count").GetInt32(), NonFiniteCells.In(laplacian.Cells).NanCount);
            return;
        }

        Assert.Equal(outputs.GetProperty("ok").GetBoolean(), Spec(inputs).FindProblems().Count == 0);
    }

    [Fact]
    public void Numerics_ActivatorAboveOne_IsClippedBeforeItIsCompared()
    {
        var spec = new SimulationSpec { Variant = SimulationVariant.Numerics, GridSize = 4, TuringThreshold = 1, SpikeProbability = 0, ActivatorDiffusion = 0, InhibitorDiffusion = 0, ActivatorRate = 1 };
        var state = new SimulationEngine(spec).Capture() with { Activator = [.. Enumerable.Repeat(0.9, 16)], Inhibitor = [.. Enumerable.Repeat(-1.0, 16)] };
        var engine = SimulationEngine.Restore(spec, state);

        engine.TakeStep();

        Assert.All(engine.Activator.ToArray(), activator => Assert.Equal(1.0, activator));
        Assert.Equal(0, engine.Counts.TuringActivations);
    }

    private static SimulationSpec Spec(JsonElement inputs)
    {
        var spec = new SimulationSpec { Variant = SimulationVariant.Numerics };
        foreach (var input in inputs.EnumerateObject())
        {
            spec = input.Name switch
            {
                "field" or "activator" or "inhibitor" or "rng_seed" => spec,
                "steps" => spec with { StepCount = input.Value.GetInt32() },
                "boundary" => spec with { Boundary = Enum.Parse<Boundary>(input.Value.GetString()!, ignoreCase: true) },
                "turing_enabled" => spec with { IsTuringEnabled = input.Value.GetBoolean() },
                "quantum_jitter" => spec with { IsJitterEnabled = input.Value.GetBoolean() },
                "jitter_var" => spec with { JitterVariance = input.Value.GetDouble() },
                "spike_probability" => spec with { SpikeProbability = input.Value.GetDouble() },
                "d_activator" => spec with { ActivatorDiffusion = input.Value.GetDouble() },
                "d_inhibitor" => spec with { InhibitorDiffusion = input.Value.GetDouble() },
                "r_activator" => spec with { ActivatorRate = input.Value.GetDouble() },
                "r_inhibitor" => spec with { InhibitorRate = input.Value.GetDouble() },
                "alpha" => spec with { Alpha = input.Value.GetDouble() },
                "turing_threshold" => spec with { TuringThreshold = input.Value.GetDouble() },
                "turing_contribution_v" => spec with { TuringIncrement = input.Value.GetDouble() },
                _ => throw new ArgumentException($"Unknown input {input.Name}.", nameof(inputs)),
            };
        }

        return spec;
    }

    private static ImmutableArray<double> Stored(JsonElement inputs, string name) => [.. GoldenFile.Array(inputs.GetProperty(name))];
}
