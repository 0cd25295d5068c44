using System.Text.Json;
using Mfn.Core.Sampling;

namespace Mfn.Core.Tests.Sampling;

public sealed class ScenarioSpecTests
{
    private const string GoldenCases = "dataset.json";

    public static TheoryData<int> ConfigCases => ConfigCasesOf("ScenarioConfig");

    [Theory]
    [InlineData("small")]
    [InlineData("medium")]
    [InlineData("large")]
    [InlineData("benchmark")]
    public void ListRuns_ReferencePreset_ListsTheSame(string name)
    {
        var (_, outputs) = GoldenFile.Case(GoldenCases, $"scenario_{name}");
        var config = outputs.GetProperty("config");
        var scenario = Preset(name);

        var runs = scenario.ListRuns();

        Assert.Equal(config.GetProperty("name").GetString(), scenario.Name);
        Assert.Equal(config.GetProperty("scenario_type").GetString(), $"{scenario.Kind}".ToLowerInvariant());
        Assert.Equal(config.GetProperty("description").GetString(), scenario.Description);
        Assert.Equal(config.GetProperty("seeds_per_config").GetInt32(), scenario.RunsPerConfiguration);
        Assert.Equal(config.GetProperty("base_seed").GetUInt64(), scenario.Seed);
        Assert.Equal(GoldenFile.Doubles(config.GetProperty("alpha_values")), scenario.AlphaValues);
        Assert.Equal(config.GetProperty("num_samples").GetInt32(), runs.Count);
        Assert.Equal(outputs.GetProperty("n_configs").GetInt32(), runs.Count);
        var first = outputs.GetProperty("first7").EnumerateArray().ToArray();
        var last = outputs.GetProperty("last2").EnumerateArray().ToArray();
        Assert.All(first.Zip(runs), pair => AssertRun(pair.First, pair.Second));
        Assert.All(last.Zip(runs.Skip(runs.Count - last.Length)), pair => AssertRun(pair.First, pair.Second));
    }

    [Fact]
    public void ListRuns_ReferenceRows_GivesTheSameRuns()
    {
        var (inputs, outputs) = GoldenFile.Case(GoldenCases, "scenario_rows");
        var scenario = Preset(inputs.GetProperty("preset").GetString()!) with
        {
            Seed = inputs.GetProperty("base_seed").GetUInt64(),
            SampleCount = inputs.GetProperty("num_samples").GetInt32(),
        };
        var rows = outputs.GetProperty("rows").EnumerateArray().ToArray();

        var runs = scenario.ListRuns();

        Assert.Equal(rows.Length, runs.Count);
        Assert.All(rows.Zip(runs), pair =>
        {
            AssertRun(pair.First, pair.Second);
            SweepSpecTests.AssertRun(pair.First, pair.Second.ToSimulationSpec());
        });
    }

    [Theory, MemberData(nameof(ConfigCases))]
    public void FindProblems_ReferenceConfig_FindsTheSameOrMore(int index)
    {
        var item = GoldenFile.Open(GoldenCases).GetProperty("config_cases")[index];
        var inputs = item.GetProperty("inputs");
        var scenario = ScenarioSpec.Small;
        foreach (var input in inputs.EnumerateObject())
        {
            scenario = input.Name switch
            {
                "grid_size" => scenario with { GridSize = input.Value.GetInt32() },
                "steps" => scenario with { StepCount = input.Value.GetInt32() },
                "num_samples" => scenario with { SampleCount = input.Value.GetInt32() },
                "seeds_per_config" => scenario with { RunsPerConfiguration = input.Value.GetInt32() },
                "alpha_values" => scenario with { AlphaValues = [.. GoldenFile.Doubles(input.Value)] },
                _ => throw new ArgumentException($"Unknown parameter {input.Name}."),
            };
        }

        // The reference takes coefficients below 0.05, and then each of the runs fails; here the scenario is refused.
        var isRefusedHereOnly = inputs.TryGetProperty("alpha_values", out var values) && values[0].GetDouble() == 0.01;
        var isAccepted = item.GetProperty("outputs").GetProperty("ok").GetBoolean();
        Assert.Equal(isAccepted && !isRefusedHereOnly, scenario.FindProblems().Count == 0);
        if (!isAccepted)
        {
            Assert.Throws<InvalidOperationException>(scenario.ListRuns);
        }
    }

    [Fact]
    public void FindProblems_SpecWithProblems_NamesThemAll()
    {
        var scenario = new ScenarioSpec
        {
            Name = " ",
            Kind = (ScenarioKind)9,
            GridSize = 7,
            StepCount = 0,
            SampleCount = 2,
            RunsPerConfiguration = 0,
            Seed = ulong.MaxValue,
            AlphaValues = [0.25, 0.1, double.NaN],
        };

        Assert.Equal(
            ["Name", "Kind", "GridSize", "StepCount", "RunsPerConfiguration", "Seed", "AlphaValues", "AlphaValues"],
            scenario.FindProblems().Select(problem => problem.Parameter));
    }

    internal static TheoryData<int> ConfigCasesOf(string type)
    {
        var indices = new TheoryData<int>();
        foreach (var (index, item) in GoldenFile.Open(GoldenCases).GetProperty("config_cases").EnumerateArray().Index())
        {
            if (item.GetProperty("which").GetString() == type)
            {
                indices.Add(index);
            }
        }

        return indices;
    }

    private static void AssertRun(JsonElement expected, ScenarioRun actual) => Assert.Equal(
        new ScenarioRun(
            expected.GetProperty("sim_id").GetInt32(),
            expected.GetProperty("scenario_name").GetString()!,
            expected.GetProperty("grid_size").GetInt32(),
            expected.GetProperty("steps").GetInt32(),
            expected.GetProperty("alpha").GetDouble(),
            expected.GetProperty("turing_enabled").GetBoolean(),
            expected.GetProperty("random_seed").GetUInt64()),
        actual);

    private static ScenarioSpec Preset(string name) => name switch
    {
        "small" => ScenarioSpec.Small,
        "medium" => ScenarioSpec.Medium,
        "large" => ScenarioSpec.Large,
        "benchmark" => ScenarioSpec.Benchmark,
        _ => throw new ArgumentException($"Unknown scenario {name}."),
    };
}
