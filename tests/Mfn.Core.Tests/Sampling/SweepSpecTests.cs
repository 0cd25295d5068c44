using System.Text.Json;
using Mfn.Core.Sampling;
using Mfn.Core.Simulation;

namespace Mfn.Core.Tests.Sampling;

public sealed class SweepSpecTests
{
    private const string GoldenCases = "dataset.json";

    public static TheoryData<string> SamplerCases => CasesNamed("sampler_");

    public static TheoryData<int> ConfigCases => ScenarioSpecTests.ConfigCasesOf("ConfigSampler");

    [Theory, MemberData(nameof(SamplerCases))]
    public void Draw_ReferenceSampler_DrawsTheSame(string id)
    {
        var (inputs, outputs) = GoldenFile.Case(GoldenCases, id);
        var sweep = Modify(Preset(inputs.GetProperty("sweep").GetString()!), inputs);
        var expected = outputs.GetProperty("first12").EnumerateArray().ToArray();

        var samples = sweep.Draw(expected.Length);

        Assert.Equal(expected.Length, samples.Count);
        Assert.All(expected.Zip(samples), pair => AssertSample(pair.First, pair.Second));
        if (inputs.TryGetProperty("grid_sizes", out _))
        {
            // The recorded ranges are the preset's own.
            Assert.Equal(Preset(inputs.GetProperty("sweep").GetString()!).Draw(0), sweep.Draw(0));
            Assert.Equal(Preset(inputs.GetProperty("sweep").GetString()!).GridSizes.AsEnumerable(), sweep.GridSizes);
        }
    }

    [Fact]
    public void Draw_ReferenceDataSet_GivesTheSameRuns()
    {
        var (inputs, outputs) = GoldenFile.Case(GoldenCases, "generate_dataset");
        var rows = outputs.GetProperty("rows").EnumerateArray().ToArray();

        var samples = Modify(SweepSpec.Default, inputs).Draw(inputs.GetProperty("num_samples").GetInt32());

        Assert.Equal(rows.Length, samples.Count);
        Assert.All(rows.Zip(samples), pair =>
        {
            AssertSample(pair.First, pair.Second);
            AssertRun(pair.First, pair.Second.ToSimulationSpec());
        });
    }

    [Theory, MemberData(nameof(ConfigCases))]
    public void FindProblems_ReferenceConfig_FindsTheSame(int index)
    {
        var item = GoldenFile.Open(GoldenCases).GetProperty("config_cases")[index];
        var sweep = Modify(SweepSpec.Default, item.GetProperty("inputs"));

        Assert.Equal(item.GetProperty("outputs").GetProperty("ok").GetBoolean(), sweep.FindProblems().Count == 0);
        Assert.Throws<InvalidOperationException>(() => sweep.Draw(1));
    }

    [Fact]
    public void FindProblems_SpecWithProblems_NamesThemAll()
    {
        var sweep = new SweepSpec
        {
            GridSizes = [],
            MinimumStepCount = 0,
            MaximumStepCount = -1,
            MinimumAlpha = 0.2,
            MaximumAlpha = 0.1,
            TuringValues = default,
        };

        Assert.Equal(
            ["GridSizes", "MinimumStepCount", "MaximumStepCount", "MaximumAlpha", "TuringValues"],
            sweep.FindProblems().Select(problem => problem.Parameter));
    }

    [Fact]
    public void FindProblems_Presets_HaveNone() =>
        Assert.All([SweepSpec.Minimal, SweepSpec.Default, SweepSpec.Extended], sweep => Assert.Empty(sweep.FindProblems()));

    [Fact]
    public void Draw_FewerSamples_IsTheBeginningOfMore() =>
        Assert.Equal(SweepSpec.Extended.Draw(20).Take(7), SweepSpec.Extended.Draw(7));

    [Fact]
    public void Draw_MoreSamplesThanSeeds_IsRefused()
    {
        var sweep = new SweepSpec { Seed = ulong.MaxValue - 1 };

        Assert.Equal(2, sweep.Draw(2).Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => sweep.Draw(3));
        Assert.Throws<ArgumentOutOfRangeException>(() => sweep.Draw(-1));
    }

    /// <summary>Runs the simulation and compares the counts that the reference recorded with its row.</summary>
    internal static void AssertRun(JsonElement row, SimulationSpec spec)
    {
        var engine = new SimulationEngine(spec);
        engine.Advance(spec.StepCount);
        Assert.Equal(
            new SimulationCounts(
                row.GetProperty("growth_events").GetInt64(),
                row.GetProperty("turing_activations").GetInt64(),
                row.GetProperty("clamping_events").GetInt64()),
            engine.Counts);

        // Extremes of the final field are the same bits, in mV.
        var statistics = engine.PotentialStatistics;
        Assert.Equal(row.GetProperty("V_min").GetDouble(), statistics.Minimum * 1000.0);
        Assert.Equal(row.GetProperty("V_max").GetDouble(), statistics.Maximum * 1000.0);
    }

    private static void AssertSample(JsonElement expected, SampleParameters actual)
    {
        Assert.Equal(expected.GetProperty("sim_id").GetInt32(), actual.Index);
        Assert.Equal(expected.GetProperty("grid_size").GetInt32(), actual.GridSize);
        Assert.Equal(expected.GetProperty("steps").GetInt32(), actual.StepCount);
        Assert.Equal(expected.GetProperty("alpha").GetDouble(), actual.Alpha);
        Assert.Equal(expected.GetProperty("turing_enabled").GetBoolean(), actual.IsTuringEnabled);
        Assert.Equal(expected.GetProperty("spike_probability").GetDouble(), actual.SpikeProbability);
        Assert.Equal(expected.GetProperty("turing_threshold").GetDouble(), actual.TuringThreshold);
        Assert.Equal(expected.GetProperty("random_seed").GetUInt64(), actual.Seed);
    }

    private static TheoryData<string> CasesNamed(string beginning)
    {
        var ids = new TheoryData<string>();
        foreach (var item in GoldenFile.Open(GoldenCases).GetProperty("cases").EnumerateArray())
        {
            var id = item.GetProperty("id").GetString()!;
            if (id.StartsWith(beginning, StringComparison.Ordinal))
            {
                ids.Add(id);
            }
        }

        return ids;
    }

    private static SweepSpec Preset(string name) => name switch
    {
        "minimal" => SweepSpec.Minimal,
        "default" => SweepSpec.Default,
        "extended" => SweepSpec.Extended,
        _ => throw new ArgumentException($"Unknown sweep {name}."),
    };

    private static SweepSpec Modify(SweepSpec sweep, JsonElement inputs)
    {
        foreach (var input in inputs.EnumerateObject())
        {
            sweep = input.Name switch
            {
                "base_seed" => sweep with { Seed = input.Value.GetUInt64() },
                "grid_sizes" => sweep with { GridSizes = [.. input.Value.EnumerateArray().Select(item => item.GetInt32())] },
                "steps_range" => sweep with { MinimumStepCount = input.Value[0].GetInt32(), MaximumStepCount = input.Value[1].GetInt32() },
                "alpha_range" => sweep with { MinimumAlpha = input.Value[0].GetDouble(), MaximumAlpha = input.Value[1].GetDouble() },
                "turing_values" => sweep with { TuringValues = [.. input.Value.EnumerateArray().Select(item => item.GetBoolean())] },
                "sweep" or "num_samples" => sweep,
                _ => throw new ArgumentException($"Unknown parameter {input.Name}."),
            };
        }

        return sweep;
    }
}
