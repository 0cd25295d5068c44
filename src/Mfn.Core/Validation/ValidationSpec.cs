using Mfn.Core.Specs;

namespace Mfn.Core.Validation;

/// <summary>
/// Everything that decides a <see cref="ValidationCycle"/>: equal specs give equal reports. Defaults are the reference's.
/// </summary>
public sealed record ValidationSpec
{
    /// <summary>The epoch counts that a spec may have.</summary>
    public static ParameterRange EpochCountRange { get; } = new(1, 100);

    /// <summary>The batch sizes that a spec may have.</summary>
    public static ParameterRange BatchSizeRange { get; } = new(1, 64);

    /// <summary>The grid sizes that a spec may have.</summary>
    public static ParameterRange GridSizeRange { get; } = new(8, 256);

    /// <summary>The step counts that a spec may have.</summary>
    public static ParameterRange StepCountRange { get; } = new(1, 1000);

    /// <summary>
    /// The seed of all random numbers but the example's, whose seed is the next one. The network's weights depend on the low 32 bits only.
    /// </summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>How often the training goes through the samples.</summary>
    public int EpochCount { get; init; } = 1;

    /// <summary>Samples per training step; the last step of an epoch takes what is left.</summary>
    public int BatchSize { get; init; } = 4;

    /// <summary>Rows and columns of the simulated fields.</summary>
    public int GridSize { get; init; } = 64;

    /// <summary>Time steps of the simulated fields.</summary>
    public int StepCount { get; init; } = 64;

    /// <summary>Whether activator and inhibitor evolve and feed the potential.</summary>
    public bool IsTuringEnabled { get; init; } = true;

    /// <summary>Whether every cell gets Gaussian noise in every step.</summary>
    public bool IsJitterEnabled { get; init; }

    /// <summary>All that keeps this spec from running; empty if nothing does.</summary>
    public IReadOnlyList<SpecProblem> FindProblems()
    {
        var problems = new List<SpecProblem>();
        if (Seed == ulong.MaxValue)
        {
            problems.Add(nameof(Seed), $"must leave a next seed for the example, but was {Seed}");
        }

        problems.Check(nameof(EpochCount), EpochCount, EpochCountRange);
        problems.Check(nameof(BatchSize), BatchSize, BatchSizeRange);
        problems.Check(nameof(GridSize), GridSize, GridSizeRange);
        problems.Check(nameof(StepCount), StepCount, StepCountRange);
        return problems;
    }
}
