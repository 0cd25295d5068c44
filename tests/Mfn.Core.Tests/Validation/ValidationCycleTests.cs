using System.Text.Json;
using Mfn.Core.Tests.Networks;
using Mfn.Core.Validation;

namespace Mfn.Core.Tests.Validation;

public sealed class ValidationCycleTests
{
    // torch sums products of floats in an order of its own, which training carries on; 3e-7 was observed.
    private const double LossTolerance = 1e-5;

    // The reference's own tolerance: one logarithm, rounded by another libm.
    private const double PotentialTolerance = 1e-12;

    // numpy fits the dimension by a singular value decomposition.
    private const double DimensionTolerance = 1e-9;

    // Sine, cosine and logarithm of another libm.
    private const double ExponentTolerance = 1e-11;

    public static TheoryData<string> Cases => GoldenFile.Ids("network.json", "validation_cases");

    [Theory, MemberData(nameof(Cases))]
    public void Run_ReferenceCase_ReportsTheSame(string id)
    {
        var (inputs, outputs) = GoldenFile.Case("network.json", id, "validation_cases");
        var metrics = outputs.GetProperty("metrics");

        var report = ValidationCycle.Run(Spec(inputs));

        AssertClose("loss_start", report.LossStart, LossTolerance * Number("loss_start"));
        AssertClose("loss_final", report.LossFinal, LossTolerance * Number("loss_final"));

        // A difference of losses: its error is relative to them, not to it.
        AssertClose("loss_drop", report.LossDrop, LossTolerance * (Number("loss_start") + Number("loss_final")));
        AssertClose("pot_min_mV", report.MinimumPotentialMillivolts, PotentialTolerance * 100);
        AssertClose("pot_max_mV", report.MaximumPotentialMillivolts, PotentialTolerance * 100);
        AssertClose("example_fractal_dim", report.ExampleFractalDimension, DimensionTolerance);
        AssertClose("lyapunov_exponent", report.LyapunovExponent, ExponentTolerance);
        AssertClose("lyapunov_mean", report.MeanLyapunovExponent, ExponentTolerance);
        AssertClose("growth_events", report.GrowthEventCount, 0);
        AssertClose("nernst_symbolic_mV", report.NernstSymbolicMillivolts, PotentialTolerance * 100);
        AssertClose("nernst_numeric_mV", report.NernstNumericMillivolts, PotentialTolerance * 100);
        AssertClose("nernst_rtfz_mV", report.NernstSlopeMillivolts, PotentialTolerance * 100);

        double Number(string name) => metrics.GetProperty(name).GetDouble();

        void AssertClose(string name, double actual, double tolerance) =>
            Assert.True(Math.Abs(Number(name) - actual) <= tolerance, $"{name} should be {Number(name):R} and is {actual:R}.");
    }

    [Theory, MemberData(nameof(Cases))]
    public void Simulate_ReferenceCase_GivesTheSameTrainingSet(string id)
    {
        var (inputs, outputs) = GoldenFile.Case("network.json", id, "validation_cases");
        var meta = outputs.GetProperty("meta");

        var set = TrainingSet.Simulate(Spec(inputs), CancellationToken.None);

        Assert.Equal(GoldenSingles.Flatten(outputs.GetProperty("dataset_x")), set.Features);
        Assert.Equal(GoldenSingles.Flatten(outputs.GetProperty("dataset_y")), set.Targets);
        Assert.Equal(meta.GetProperty("pot_min_mV").GetDouble(), set.MinimumPotential * 1000.0, PotentialTolerance * 100);
        Assert.Equal(meta.GetProperty("pot_max_mV").GetDouble(), set.MaximumPotential * 1000.0, PotentialTolerance * 100);
        Assert.Equal(meta.GetProperty("lyapunov_mean").GetDouble(), set.MeanLyapunovExponent, ExponentTolerance);
    }

    [Fact]
    public void Run_SameSpecTwice_GivesTheSameReport()
    {
        var spec = new ValidationSpec { Seed = 7, GridSize = 8, StepCount = 5, EpochCount = 2, BatchSize = 3 };

        Assert.Equal(ValidationCycle.Run(spec), ValidationCycle.Run(spec));
        Assert.NotEqual(ValidationCycle.Run(spec), ValidationCycle.Run(spec with { Seed = 8 }));
    }

    [Fact]
    public void Run_ManyEpochs_LearnsTheTarget()
    {
        var report = ValidationCycle.Run(new ValidationSpec { GridSize = 8, StepCount = 2, EpochCount = 100 });

        Assert.True(report.LossFinal < 0.01 * report.LossStart, $"The loss fell from {report.LossStart} to {report.LossFinal} only.");
    }

    [Fact]
    public void Run_CancelledToken_StopsBeforeTheFirstStep()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();

        Assert.Throws<OperationCanceledException>(() => ValidationCycle.Run(new ValidationSpec(), source.Token));
    }

    [Fact]
    public void Run_SpecWithProblems_NamesThemAll()
    {
        var spec = new ValidationSpec
        {
            Seed = ulong.MaxValue,
            EpochCount = 0,
            BatchSize = 65,
            GridSize = 7,
            StepCount = 1001,
        };

        var error = Assert.Throws<ArgumentException>(() => ValidationCycle.Run(spec));

        Assert.Equal(
            ["Seed", "EpochCount", "BatchSize", "GridSize", "StepCount"],
            spec.FindProblems().Select(problem => problem.Parameter));
        Assert.All(spec.FindProblems(), problem => Assert.Contains($"{problem}", error.Message, StringComparison.Ordinal));
        Assert.Contains("GridSize must be between 8 and 256, but was 7.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FindProblems_ExtremesOfTheRanges_HasNone()
    {
        Assert.Empty(new ValidationSpec { Seed = 0, EpochCount = 1, BatchSize = 1, GridSize = 8, StepCount = 1 }.FindProblems());
        Assert.Empty(new ValidationSpec
        {
            Seed = ulong.MaxValue - 1,
            EpochCount = 100,
            BatchSize = 64,
            GridSize = 256,
            StepCount = 1000,
        }.FindProblems());
    }

    private static ValidationSpec Spec(JsonElement inputs)
    {
        var spec = new ValidationSpec();
        return new ValidationSpec
        {
            Seed = inputs.GetProperty("seed").GetUInt64(),
            EpochCount = Integer("epochs", spec.EpochCount),
            BatchSize = Integer("batch_size", spec.BatchSize),
            GridSize = Integer("grid_size", spec.GridSize),
            StepCount = Integer("steps", spec.StepCount),
            IsTuringEnabled = Boolean("turing_enabled", spec.IsTuringEnabled),
            IsJitterEnabled = Boolean("quantum_jitter", spec.IsJitterEnabled),
        };

        int Integer(string name, int missing) => inputs.TryGetProperty(name, out var value) ? value.GetInt32() : missing;

        bool Boolean(string name, bool missing) => inputs.TryGetProperty(name, out var value) ? value.GetBoolean() : missing;
    }
}
