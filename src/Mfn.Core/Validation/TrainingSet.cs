using Mfn.Core.Randomness;
using Mfn.Core.Simulation;
using Mfn.Core.Statistics;

namespace Mfn.Core.Validation;

/// <summary>Simulated fields, each reduced to four numbers, with a target that is a fixed combination of them.</summary>
internal sealed class TrainingSet
{
    /// <summary>The samples of a set.</summary>
    public const int SampleCount = 16;

    /// <summary>The numbers of a sample: dimension, and mean, standard deviation and maximum of the potential.</summary>
    public const int FeatureCount = 4;

    // Potentials in volts are small beside dimensions.
    private const float PotentialScale = 100.0f;

    /// <summary>A row of features per sample; potentials in units of 10 mV.</summary>
    public float[] Features { get; } = new float[SampleCount * FeatureCount];

    /// <summary>A target per sample.</summary>
    public float[] Targets { get; } = new float[SampleCount];

    /// <summary>The lowest potential in volts of any sample.</summary>
    public double MinimumPotential { get; private set; } = double.PositiveInfinity;

    /// <summary>The highest potential in volts of any sample.</summary>
    public double MaximumPotential { get; private set; } = double.NegativeInfinity;

    /// <summary>The mean Lyapunov exponent of the iterated function systems, one per sample.</summary>
    public double MeanLyapunovExponent { get; private set; }

    /// <summary>Simulates the samples, or stops between two steps.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static TrainingSet Simulate(ValidationSpec spec, CancellationToken cancellationToken)
    {
        var set = new TrainingSet();
        var random = new RandomGenerator(spec.Seed);
        Span<double> exponents = stackalloc double[SampleCount];
        for (var sample = 0; sample < SampleCount; sample++)
        {
            set.Add(sample, ValidationCycle.Simulate(spec, random, cancellationToken));
            exponents[sample] = ValidationCycle.DrawLyapunovExponent(random);
        }

        set.MeanLyapunovExponent = PairwiseSum.Of(exponents) / SampleCount;
        return set;
    }

    /// <summary>The features and targets of the samples with the given indices.</summary>
    public (float[] Features, float[] Targets) Select(ReadOnlySpan<int> samples)
    {
        var features = new float[samples.Length * FeatureCount];
        var targets = new float[samples.Length];
        for (var i = 0; i < samples.Length; i++)
        {
            Features.AsSpan(samples[i] * FeatureCount, FeatureCount).CopyTo(features.AsSpan(i * FeatureCount));
            targets[i] = Targets[samples[i]];
        }

        return (features, targets);
    }

    private void Add(int sample, SimulationEngine run)
    {
        var statistics = run.PotentialStatistics;
        MinimumPotential = Math.Min(MinimumPotential, statistics.Minimum);
        MaximumPotential = Math.Max(MaximumPotential, statistics.Maximum);

        var features = Features.AsSpan(sample * FeatureCount, FeatureCount);
        features[0] = (float)ValidationCycle.FractalDimension(run);
        features[1] = (float)statistics.Mean * PotentialScale;
        features[2] = (float)statistics.StandardDeviation * PotentialScale;
        features[3] = (float)statistics.Maximum * PotentialScale;
        Targets[sample] = (0.5f * features[0]) + (0.2f * features[1]) - (0.1f * features[2]);
    }
}
