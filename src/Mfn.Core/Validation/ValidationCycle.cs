using Mfn.Core.Features;
using Mfn.Core.Fractals;
using Mfn.Core.Membrane;
using Mfn.Core.Networks;
using Mfn.Core.Randomness;
using Mfn.Core.Simulation;
using Mfn.Core.Specs;

namespace Mfn.Core.Validation;

/// <summary>
/// Simulates a small training set, trains a network on it, and measures one further run and one ion: a check, within seconds, that the
/// parts still work together. The report is a function of the spec alone.
/// </summary>
public static class ValidationCycle
{
    private const double ActiveThreshold = -0.060;
    private const int IfsPointCount = 1000;
    private const int IfsMapCount = 4;
    private const double PotassiumOutsideMolar = 0.005;
    private const double PotassiumInsideMolar = 0.140;
    private const double MillivoltsPerVolt = 1000.0;

    /// <summary>Runs the cycle.</summary>
    /// <param name="spec">What to run.</param>
    /// <param name="cancellationToken">Stops between two steps of a simulation or two batches of the training.</param>
    /// <exception cref="ArgumentException">The spec has problems; the message lists them all.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static ValidationReport Run(ValidationSpec spec, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(spec);
        spec.FindProblems().ThrowIfAny(nameof(spec));

        var set = TrainingSet.Simulate(spec, cancellationToken);
        var (lossStart, lossFinal) = Train(spec, set, cancellationToken);

        var random = new RandomGenerator(spec.Seed + 1);
        var example = Simulate(spec, random, cancellationToken);
        return new ValidationReport
        {
            LossStart = lossStart,
            LossFinal = lossFinal,
            MinimumPotentialMillivolts = set.MinimumPotential * MillivoltsPerVolt,
            MaximumPotentialMillivolts = set.MaximumPotential * MillivoltsPerVolt,
            ExampleFractalDimension = FractalDimension(example),
            LyapunovExponent = DrawLyapunovExponent(random),
            MeanLyapunovExponent = set.MeanLyapunovExponent,
            GrowthEventCount = example.Counts.GrowthEvents,
            NernstSymbolicMillivolts = NernstPotential.Slope(valence: 1)
                * (Math.Log(PotassiumOutsideMolar) - Math.Log(PotassiumInsideMolar)) * MillivoltsPerVolt,
            NernstNumericMillivolts =
                NernstPotential.Compute(valence: 1, PotassiumOutsideMolar, PotassiumInsideMolar) * MillivoltsPerVolt,
            NernstSlopeMillivolts = NernstPotential.Slope(valence: 1) * MillivoltsPerVolt,
        };
    }

    /// <summary>The end of a model run that draws from a stream which other draws share with it.</summary>
    internal static SimulationEngine Simulate(ValidationSpec spec, RandomGenerator random, CancellationToken cancellationToken)
    {
        var simulation = new SimulationSpec
        {
            GridSize = spec.GridSize,
            StepCount = spec.StepCount,
            IsTuringEnabled = spec.IsTuringEnabled,
            IsJitterEnabled = spec.IsJitterEnabled,
        };
        var engine = new SimulationEngine(simulation, random);
        engine.Advance(simulation.StepCount, cancellationToken: cancellationToken);
        return engine;
    }

    /// <summary>The box-counting dimension of the active cells.</summary>
    internal static double FractalDimension(SimulationEngine run) =>
        BoxCountingDimension.MeasureAbove(
            ActiveThreshold, run.Potential, run.Spec.GridSize, run.Spec.GridSize, FeatureOptions.Default.BoxMeshesFor(run.Spec.GridSize, run.Spec.GridSize)).Dimension;

    /// <summary>Draws an iterated function system and its orbit.</summary>
    internal static double DrawLyapunovExponent(RandomGenerator random) =>
        IteratedFunctionSystem.Draw(random, IfsMapCount).Iterate(random, new PlanePoint[IfsPointCount]);

    private static (double Start, double Final) Train(ValidationSpec spec, TrainingSet set, CancellationToken cancellationToken)
    {
        var random = new MersenneTwister(spec.Seed);
        var network = new RegressionNetwork(new NetworkSpec { InputWidth = TrainingSet.FeatureCount }, random);
        var optimizer = new AdamOptimizer(network.Parameters);
        double? start = null;
        var final = 0.0;
        for (var epoch = 0; epoch < spec.EpochCount; epoch++)
        {
            var order = DrawOrder(random);
            for (var first = 0; first < order.Length; first += spec.BatchSize)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var batch = order.AsSpan(first, Math.Min(spec.BatchSize, order.Length - first));
                var (features, targets) = set.Select(batch);
                final = network.ComputeGradients(features, targets);
                start ??= final;
                optimizer.TakeStep();
            }
        }

        return (start ?? final, final);
    }

    /// <summary>torch's data loader draws a seed for its workers, of which there are none, and then one for the shuffle.</summary>
    private static int[] DrawOrder(MersenneTwister random)
    {
        random.NextUInt64();
        return new MersenneTwister(random.NextUInt64()).Permutation(TrainingSet.SampleCount);
    }
}
