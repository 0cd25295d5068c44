using Mfn.Core.Fractals;
using Mfn.Core.Randomness;
using Mfn.Core.Tests.Features;

namespace Mfn.Core.Tests.Fractals;

public sealed class StabilityAnalyzerTests
{
    private const string GoldenName = "lyapunov.json";

    // One logarithm a step by another libm.
    private const double RelativeTolerance = 1e-12;
    private const double AbsoluteTolerance = 1e-15;

    public static TheoryData<string> Cases => GoldenFile.Ids(GoldenName);

    [Theory, MemberData(nameof(Cases))]
    public void Measure_ReferenceHistory_Agrees(string id)
    {
        var (inputs, outputs) = GoldenFile.Case(GoldenName, id);
        var history = inputs.TryGetProperty("history", out var stored)
            ? GoldenHistory.Stored(stored)
            : GoldenHistory.OfEngine(inputs.GetProperty("simulate_engine"));
        var timeStep = inputs.GetProperty("dt").GetDouble();
        var analyzer = new StabilityAnalyzer(history.CellCount, timeStep);
        for (var start = 0; start < history.Cells.Length; start += history.CellCount)
        {
            analyzer.Add(history.Cells.AsSpan(start, history.CellCount));
        }

        AssertClose(outputs.GetProperty("model").GetDouble(), analyzer.LyapunovExponent);
        if (outputs.TryGetProperty("engine", out var engine))
        {
            AssertClose(engine.GetDouble(), analyzer.LyapunovExponent);
        }

        if (!outputs.TryGetProperty("stability_metrics", out var expected))
        {
            // An empty history: an exponent of 0, and no metrics.
            Assert.Equal(0, analyzer.FrameCount);
            Assert.Throws<InvalidOperationException>(() => analyzer.Measure());
            return;
        }

        var metrics = analyzer.Measure();
        Assert.Equal(metrics, StabilityMetrics.Of(history.Cells, history.CellCount, timeStep));
        AssertClose(expected.GetProperty("lyapunov_exponent").GetDouble(), metrics.LyapunovExponent);
        Assert.Equal(expected.GetProperty("is_stable").GetDouble() == 1.0, metrics.IsStable);
        AssertClose(expected.GetProperty("mean_change_rate").GetDouble(), metrics.MeanChangeRate);
        AssertClose(expected.GetProperty("max_change_rate").GetDouble(), metrics.MaxChangeRate);
        AssertClose(expected.GetProperty("final_std").GetDouble(), metrics.FinalStandardDeviation);
    }

    [Fact]
    public void Measure_KnownSteps_IsTheirMeanLogLength()
    {
        // Steps of length 5 and, after one that does not move, 1.
        var metrics = StabilityMetrics.Of([0, 0, 3, 4, 3, 4, 3, 5], cellCount: 2, timeStep: 2.0);

        Assert.Equal(Math.Log(5) / 4.0, metrics.LyapunovExponent, 1e-15);
        Assert.Equal(8.0 / 6.0 / 2.0, metrics.MeanChangeRate, 1e-15);
        Assert.Equal(2.0, metrics.MaxChangeRate);
        Assert.Equal(1.0, metrics.FinalStandardDeviation);
        Assert.Equal((3L, 2L), (metrics.StepCount, metrics.MovingStepCount));
        Assert.False(metrics.IsStable);
    }

    // A cell that moves by 0.01 V has moved by 0.01 V, however long that took.
    [Theory]
    [InlineData(0.5)]
    [InlineData(1)]
    [InlineData(10)]
    public void Measure_AnyTimeStep_ScalesTheExponentAndTheRatesAlone(double timeStep)
    {
        double[] history = [0, 0, 0.01, 0];

        var metrics = StabilityMetrics.Of(history, cellCount: 2, timeStep);

        Assert.Equal((0.005, 0.01), (metrics.MeanChange, metrics.MaxChange));
        Assert.Equal((0.005 / timeStep, 0.01 / timeStep), (metrics.MeanChangeRate, metrics.MaxChangeRate));
        Assert.Equal(Math.Log(0.01) / timeStep, metrics.LyapunovExponent, 1e-15);
    }

    // The logarithm of a step of length 0 has no value; the reference says 0.
    [Fact]
    public void Measure_HistoryThatDoesNotMove_HasNoMovingStep()
    {
        var still = StabilityMetrics.Of([1, 2, 1, 2, 1, 2 + 1e-11], cellCount: 2);
        var single = StabilityMetrics.Of([1, 2], cellCount: 2);

        Assert.Equal((2L, 0L, 0.0, false), (still.StepCount, still.MovingStepCount, still.LyapunovExponent, still.IsStable));
        Assert.Equal((0L, 0L, 0.0, 0.0), (single.StepCount, single.MovingStepCount, single.MeanChange, single.MaxChange));
    }

    [Fact]
    public void Measure_AnotherUnit_ShiftsTheExponentByItsLogarithm()
    {
        var random = new RandomGenerator(11);
        var volts = Enumerable.Range(0, 20 * 12).Select(_ => random.Normal(-0.07, 0.005)).ToArray();

        var inVolts = StabilityMetrics.Of(volts, 12);
        var inMillivolts = StabilityMetrics.Of([.. volts.Select(value => value * 1000)], 12);

        Assert.Equal(inVolts.LyapunovExponent + Math.Log(1000), inMillivolts.LyapunovExponent, 1e-11);
        Assert.Equal(inVolts.MeanChangeRate * 1000, inMillivolts.MeanChangeRate, 1e-11);
        Assert.True(inVolts.IsStable && !inMillivolts.IsStable);
    }

    [Fact]
    public void Analyzer_ImpossibleArguments_AreRefusedAndChangeNothing()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new StabilityAnalyzer(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new StabilityAnalyzer(4, 0.0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new StabilityAnalyzer(4, double.NaN));
        Assert.Throws<ArgumentException>(() => StabilityMetrics.Of([], 2));
        Assert.Throws<ArgumentException>(() => StabilityMetrics.Of([1, 2, 3], 2));

        var analyzer = new StabilityAnalyzer(2);
        analyzer.Add([1, 2]);
        var before = analyzer.Measure();
        Assert.Throws<ArgumentException>(() => analyzer.Add([1, 2, 3]));
        var error = Assert.Throws<ArgumentException>(() => analyzer.Add([9, double.NaN]));
        Assert.Contains("Field 1 must be finite, but has 1 NaN and 0 infinite cells", error.Message, StringComparison.Ordinal);
        Assert.Equal((1L, before), (analyzer.FrameCount, analyzer.Measure()));
    }

    private static void AssertClose(double expected, double actual) =>
        Assert.Equal(expected, actual, AbsoluteTolerance + (RelativeTolerance * Math.Abs(expected)));
}
