using Mfn.Core.Aggregation;
using Mfn.Core.Randomness;

namespace Mfn.Core.Tests.Aggregation;

/// <summary>How near the steps towards the geometric median come, and how many there are.</summary>
public sealed class GeometricMedianTests
{
    // Wide enough that the median is none of the updates, and lopsided, so that the coordinate-wise median is not it.
    private static readonly float[][] Vectors = [.. Enumerable.Range(0, 12).Select(Vector)];

    [Theory]
    [InlineData(0.1)]
    [InlineData(1e-2)]
    [InlineData(1e-3)]
    [InlineData(1e-5)]
    public void Aggregate_AnyTolerance_TheNextStepIsWithinIt(double tolerance)
    {
        var result = new GeometricMedian(tolerance).Aggregate(AnyRule.SetOf(Vectors), 3);

        var point = Array.ConvertAll(result.Vector.ToArray(), component => (double)component);
        Assert.True(result.IsConverged);
        Assert.InRange(NaiveStep(point) / NaiveMedianDistance(point), 0, tolerance);
    }

    [Fact]
    public void Aggregate_SmallerTolerance_TakesMoreStepsAndComesNearer()
    {
        AggregationResult[] results = [.. new[] { 0.1, 1e-3, 1e-6, 1e-12 }.Select(tolerance => new GeometricMedian(tolerance).Aggregate(AnyRule.SetOf(Vectors), 3))];

        var steps = results.Select(result => result.IterationCount).ToArray();
        var totals = results.Select(result => NaiveAggregation.TotalDistance(Vectors, Array.ConvertAll(result.Vector.ToArray(), x => (double)x))).ToArray();
        Assert.Equal(steps.Distinct().Order(), steps);
        Assert.True(totals[0] > totals[1] && totals[1] > totals[2], string.Join(' ', totals));
        Assert.All(results, result => Assert.True(result.IsConverged));
    }

    [Fact]
    public void Aggregate_TooFewSteps_SaysThatItHasNotConverged()
    {
        var result = new GeometricMedian(maxStepCount: 2).Aggregate(AnyRule.SetOf(Vectors), 3);

        Assert.Equal((2, false), (result.IterationCount, result.IsConverged));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9e-15)]
    [InlineData(0.11)]
    [InlineData(double.NaN)]
    public void Construct_ToleranceOutOfRange_IsABugOfTheCaller(double tolerance) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new GeometricMedian(tolerance));

    [Theory]
    [InlineData(0)]
    [InlineData(10_001)]
    public void Construct_StepsOutOfRange_IsABugOfTheCaller(int maxStepCount) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new GeometricMedian(maxStepCount: maxStepCount));

    /// <summary>The length of Weiszfeld's step from a point that is none of the updates.</summary>
    private static double NaiveStep(double[] point)
    {
        double[] weights = [.. Vectors.Select(row => 1 / NaiveDistance(row, point))];
        return Math.Sqrt(point.Select((component, i) =>
            (Vectors.Select((row, update) => weights[update] * row[i]).Sum() / weights.Sum()) - component).Sum(x => x * x));
    }

    private static double NaiveMedianDistance(double[] point) => Vectors.Select(row => NaiveDistance(row, point)).Order().ElementAt((Vectors.Length - 1) / 2);

    private static double NaiveDistance(float[] row, double[] point) =>
        Math.Sqrt(row.Zip(point).Sum(pair => (pair.First - pair.Second) * (pair.First - pair.Second)));

    private static float[] Vector(int client)
    {
        var random = new RandomGenerator(client);
        return [.. Enumerable.Range(0, 6).Select(_ => (float)Math.Exp(random.StandardNormal()))];
    }
}
