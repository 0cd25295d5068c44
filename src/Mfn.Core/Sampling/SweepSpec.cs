using System.Collections.Immutable;
using Mfn.Core.Randomness;
using Mfn.Core.Simulation;
using Mfn.Core.Specs;

namespace Mfn.Core.Sampling;

/// <summary>What the samples of a data set are drawn from.</summary>
public sealed record SweepSpec
{
    private const double LowestSpikeProbability = 0.15;
    private const double HighestSpikeProbability = 0.35;
    private const double LowestTuringThreshold = 0.65;
    private const double HighestTuringThreshold = 0.85;

    private static readonly SimulationRanges Ranges = SimulationRanges.Of(SimulationVariant.Engine);

    /// <summary>Only the runs' seeds, spike probabilities and thresholds differ.</summary>
    public static SweepSpec Minimal { get; } = new()
    {
        GridSizes = [32],
        MinimumStepCount = 50,
        MaximumStepCount = 50,
        MinimumAlpha = 0.15,
        MaximumAlpha = 0.15,
        TuringValues = [true],
    };

    /// <summary>Small and medium fields, with and without Turing coupling.</summary>
    public static SweepSpec Default { get; } = new();

    /// <summary>The widest choice.</summary>
    public static SweepSpec Extended { get; } = new()
    {
        GridSizes = [32, 64, 128],
        MaximumStepCount = 300,
        MinimumAlpha = 0.08,
        MaximumAlpha = 0.22,
    };

    /// <summary>The seed of the draws, and of the first sample's run; the runs' seeds count up from it.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>The grid sizes to choose from; one that is listed twice is chosen twice as often.</summary>
    public ImmutableArray<int> GridSizes { get; init; } = [32, 64];

    /// <summary>The least number of steps.</summary>
    public int MinimumStepCount { get; init; } = 50;

    /// <summary>The greatest number of steps.</summary>
    public int MaximumStepCount { get; init; } = 200;

    /// <summary>The least diffusion coefficient.</summary>
    public double MinimumAlpha { get; init; } = 0.10;

    /// <summary>The diffusion coefficient below which the draws stay.</summary>
    public double MaximumAlpha { get; init; } = 0.20;

    /// <summary>Whether activator and inhibitor feed the potential: the values to choose from.</summary>
    public ImmutableArray<bool> TuringValues { get; init; } = [true, false];

    /// <summary>All that keeps this spec's samples from being drawn or simulated; empty if nothing does.</summary>
    public IReadOnlyList<SpecProblem> FindProblems()
    {
        var problems = new List<SpecProblem>();
        if (GridSizes.IsDefaultOrEmpty)
        {
            problems.Add(nameof(GridSizes), "must not be empty");
        }
        else
        {
            foreach (var gridSize in GridSizes)
            {
                problems.Check(nameof(GridSizes), gridSize, Ranges.GridSize);
            }
        }

        problems.Check(nameof(MinimumStepCount), MinimumStepCount, new ParameterRange(1, int.MaxValue));
        if (MaximumStepCount < MinimumStepCount)
        {
            problems.Add(nameof(MaximumStepCount), $"must be at least {nameof(MinimumStepCount)}, but was {MaximumStepCount}");
        }

        problems.Check(nameof(MinimumAlpha), MinimumAlpha, Ranges.Alpha);
        problems.Check(nameof(MaximumAlpha), MaximumAlpha, Ranges.Alpha);
        if (MaximumAlpha < MinimumAlpha)
        {
            problems.Add(nameof(MaximumAlpha), $"must be at least {nameof(MinimumAlpha)}, but was {ParameterRange.Format(MaximumAlpha)}");
        }

        if (TuringValues.IsDefaultOrEmpty)
        {
            problems.Add(nameof(TuringValues), "must not be empty");
        }

        return problems;
    }

    /// <summary>Draws the first samples of the data set. Fewer samples are the beginning of more.</summary>
    /// <exception cref="InvalidOperationException">The spec has problems; the message lists them all.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative, or more than the seeds from this one on.</exception>
    public IReadOnlyList<SampleParameters> Draw(int sampleCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sampleCount);
        if (sampleCount > 0 && Seed > ulong.MaxValue - (ulong)(sampleCount - 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(sampleCount), sampleCount, $"There are not so many seeds from {Seed} on.");
        }

        var problems = FindProblems();
        if (problems.Count > 0)
        {
            throw new InvalidOperationException(string.Join(' ', problems));
        }

        var random = new RandomGenerator(Seed);
        var samples = new SampleParameters[sampleCount];
        for (var index = 0; index < samples.Length; index++)
        {
            samples[index] = Draw(random, index);
        }

        return samples;
    }

    /// <summary>The order of the draws is part of the result; initializers run in the order in which they are written.</summary>
    private SampleParameters Draw(RandomGenerator random, int index) => new()
    {
        Index = index,
        GridSize = random.Choice(GridSizes.AsSpan()),
        StepCount = (int)random.NextInt64(MinimumStepCount, MaximumStepCount + 1L),
        Alpha = random.Uniform(MinimumAlpha, MaximumAlpha),
        IsTuringEnabled = random.Choice(TuringValues.AsSpan()),
        SpikeProbability = random.Uniform(LowestSpikeProbability, HighestSpikeProbability),
        TuringThreshold = random.Uniform(LowestTuringThreshold, HighestTuringThreshold),
        Seed = Seed + (ulong)index,
    };
}
