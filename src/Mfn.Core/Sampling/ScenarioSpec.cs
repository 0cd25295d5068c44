using System.Collections.Immutable;
using Mfn.Core.Simulation;
using Mfn.Core.Specs;

namespace Mfn.Core.Sampling;

/// <summary>A named list of simulations that differ in their diffusion coefficients and seeds.</summary>
public sealed record ScenarioSpec
{
    private static readonly ParameterRange AlphaRange = SimulationRanges.Of(SimulationVariant.Engine).Alpha;

    /// <summary>The grid sizes that a scenario may have.</summary>
    public static ParameterRange GridSizeRange { get; } = new(8, 256);

    /// <summary>The step counts that a scenario may have.</summary>
    public static ParameterRange StepCountRange { get; } = new(1, 1000);

    /// <summary>The sample counts, and the runs per configuration, that a scenario may have.</summary>
    public static ParameterRange CountRange { get; } = new(1, int.MaxValue);

    /// <summary>A quick check of the science.</summary>
    public static ScenarioSpec Small { get; } = new()
    {
        Name = "scientific_small",
        Kind = ScenarioKind.Scientific,
        Description = "Small scientific scenario for quick validation (Nernst/Turing/STDP).",
        GridSize = 32,
        StepCount = 50,
        SampleCount = 10,
        RunsPerConfiguration = 2,
        AlphaValues = [0.15],
    };

    /// <summary>A data set to try learning on.</summary>
    public static ScenarioSpec Medium { get; } = new()
    {
        Name = "features_medium",
        Kind = ScenarioKind.Features,
        Description = "Medium feature-generation scenario for ML training.",
        GridSize = 64,
        StepCount = 100,
        SampleCount = 100,
        RunsPerConfiguration = 3,
        AlphaValues = [0.10, 0.15, 0.20],
    };

    /// <summary>A data set to learn from.</summary>
    public static ScenarioSpec Large { get; } = new()
    {
        Name = "features_large",
        Kind = ScenarioKind.Features,
        Description = "Large feature-generation scenario for production ML.",
        GridSize = 128,
        StepCount = 200,
        SampleCount = 500,
        RunsPerConfiguration = 5,
        AlphaValues = [0.08, 0.12, 0.16, 0.20],
    };

    /// <summary>A few small runs to measure.</summary>
    public static ScenarioSpec Benchmark { get; } = new()
    {
        Name = "benchmark_small",
        Kind = ScenarioKind.Benchmark,
        Description = "Small benchmark scenario for performance testing.",
        GridSize = 32,
        StepCount = 32,
        SampleCount = 5,
        RunsPerConfiguration = 1,
        AlphaValues = [0.15],
    };

    /// <summary>The scenario's name, which each of its runs carries.</summary>
    public required string Name { get; init; }

    /// <summary>What the scenario's data are for.</summary>
    public ScenarioKind Kind { get; init; } = ScenarioKind.Scientific;

    /// <summary>What the scenario is, in a sentence.</summary>
    public string Description { get; init; } = "";

    /// <summary>Rows and columns of the fields.</summary>
    public required int GridSize { get; init; }

    /// <summary>Time steps.</summary>
    public required int StepCount { get; init; }

    /// <summary>The number of runs.</summary>
    public required int SampleCount { get; init; }

    /// <summary>Runs with one diffusion coefficient before the next one's turn; every run has a seed of its own.</summary>
    public required int RunsPerConfiguration { get; init; }

    /// <summary>The seed of the first run; the others count up from it.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>The diffusion coefficients (dimensionless), which take turns.</summary>
    public required ImmutableArray<double> AlphaValues { get; init; }

    /// <summary>Whether activator and inhibitor feed the potential.</summary>
    public bool IsTuringEnabled { get; init; } = true;

    /// <summary>All that keeps this scenario's runs from being simulated; empty if nothing does.</summary>
    public IReadOnlyList<SpecProblem> FindProblems()
    {
        var problems = new List<SpecProblem>();
        if (string.IsNullOrWhiteSpace(Name))
        {
            problems.Add(nameof(Name), "must not be empty");
        }

        if (!Enum.IsDefined(Kind))
        {
            problems.Add(nameof(Kind), $"must be a known kind, but was {(int)Kind}");
        }

        problems.Check(nameof(GridSize), GridSize, GridSizeRange);
        problems.Check(nameof(StepCount), StepCount, StepCountRange);
        problems.Check(nameof(SampleCount), SampleCount, CountRange);
        problems.Check(nameof(RunsPerConfiguration), RunsPerConfiguration, CountRange);
        if (SampleCount > 0 && Seed > ulong.MaxValue - (ulong)(SampleCount - 1))
        {
            problems.Add(nameof(Seed), $"must leave a seed for each of {SampleCount} runs, but was {Seed}");
        }

        if (AlphaValues.IsDefaultOrEmpty)
        {
            problems.Add(nameof(AlphaValues), "must not be empty");
        }
        else
        {
            foreach (var alpha in AlphaValues)
            {
                problems.Check(nameof(AlphaValues), alpha, AlphaRange);
            }
        }

        return problems;
    }

    /// <summary>The scenario's runs, in their order.</summary>
    /// <exception cref="InvalidOperationException">The spec has problems; the message lists them all.</exception>
    public IReadOnlyList<ScenarioRun> ListRuns()
    {
        var problems = FindProblems();
        if (problems.Count > 0)
        {
            throw new InvalidOperationException(string.Join(' ', problems));
        }

        var runs = new ScenarioRun[SampleCount];
        for (var index = 0; index < runs.Length; index++)
        {
            var alpha = AlphaValues[index / RunsPerConfiguration % AlphaValues.Length];
            runs[index] = new ScenarioRun(index, Name, GridSize, StepCount, alpha, IsTuringEnabled, Seed + (ulong)index);
        }

        return runs;
    }
}
