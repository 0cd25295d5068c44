using Mfn.Core.Aggregation;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;
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

    // Of two updates every point between is a median; half way is where the steps begin, and it is kept whatever the clients are called.
    [Theory]
    [InlineData("a", "b")]
    [InlineData("b", "a")]
    public void Aggregate_TwoUpdates_IsHalfWayWhateverTheirNames(string first, string second)
    {
        var result = new Round(new AdmissionPolicy { Length = 2 }, new GeometricMedian()).Aggregate(
            [new Update(first, new float[] { 0, 0 }), new Update(second, new float[] { 2, 0 })], 0);

        Assert.Equal([1, 0], result.Vector.ToArray());
        Assert.Equal([1, 1], result.Scores.ToArray());
        Assert.True(result.IsConverged);
    }

    // On a line through (1, -2) with slope 3/4, where lengths are whole: the medians are all points between the two in the middle.
    [Theory]
    [InlineData(new[] { 0, 4, 8, 40 }, 6)]
    [InlineData(new[] { -100, 0, 4, 8, 12, 40 }, 6)]
    [InlineData(new[] { 0, 4, 4, 40 }, 4)]
    [InlineData(new[] { 0, 0, 8, 8 }, 4)]
    [InlineData(new[] { 0, 4, 40 }, 4)]
    [InlineData(new[] { 4, 4, 4, 40 }, 4)]
    [InlineData(new[] { 4 }, 4)]
    public void Aggregate_UpdatesOnALine_IsTheMiddleOfTheMediansInEveryOrder(int[] places, int expected)
    {
        foreach (var order in Permutations(places))
        {
            var result = new GeometricMedian().Aggregate(AnyRule.SetOf([.. order.Select(OnLine)]), 0);

            Assert.Equal(OnLine(expected), result.Vector.ToArray());
            Assert.Equal(order.Select(place => 1.25 * Math.Abs(place - expected)), result.Scores.Select(score => score));
            Assert.True(result.IsConverged);
        }

        static float[] OnLine(int place) => [1 + place, -2 + (0.75f * place)];
    }

    // The corner of an angle of 120 degrees pulls just as much as the two others: it is a median, and since they are on no line, the only one.
    [Fact]
    public void Aggregate_AngleOf120Degrees_IsItsCorner()
    {
        var half = (float)(Math.Sqrt(3) / 2);
        foreach (var order in Permutations([0, 1, 2]))
        {
            float[][] corners = [[0, 0, 5], [1, 0, 5], [-0.5f, half, 5]];

            var result = new GeometricMedian().Aggregate(AnyRule.SetOf([.. order.Select(i => corners[i])]), 0);

            // The float's error in the angle moves the median by about as much.
            Assert.InRange(Math.Abs(result.Vector.Span[0]) + Math.Abs(result.Vector.Span[1]), 0, 1e-6);
            Assert.True(result.IsConverged);
        }
    }

    // The steps begin a float's last bit beside an update that is not the median, where each is as short as that: 6e-8, less than a tolerance of
    // 1e-7 times the distances. The median of a square's corners and two points at its edge is not there.
    [Fact]
    public void Aggregate_BeginningBesideAnUpdate_DoesNotStayThere()
    {
        var beside = MathF.BitIncrement(1);
        float[][] vectors = [[1, 0], [beside, 3000], [beside, -3000], [1000, 1000], [1000, -1000], [-500, 0], [2500, 0]];
        var exact = new GeometricMedian(1e-14).Aggregate(AnyRule.SetOf(vectors), 0).Vector.ToArray();

        foreach (var tolerance in new[] { 1e-3, 1e-5, 1e-7 })
        {
            var result = new GeometricMedian(tolerance).Aggregate(AnyRule.SetOf(vectors), 0);

            var total = NaiveAggregation.TotalDistance(vectors, Array.ConvertAll(result.Vector.ToArray(), x => (double)x));
            var least = NaiveAggregation.TotalDistance(vectors, Array.ConvertAll(exact, x => (double)x));
            Assert.InRange(total, least * (1 - 1e-7), least * (1 + (tolerance * vectors.Length)));
        }
    }

    // Whole numbers, so that updates coincide, lie on lines and are medians themselves.
    [Fact]
    public void Aggregate_AnyWholeNumbers_IsTheSameInEveryOrderAndNoWorseThanMeanOrUpdates()
    {
        var random = new RandomGenerator(5);
        for (var sample = 0; sample < 500; sample++)
        {
            var (count, length) = ((int)random.NextInt64(1, 8), (int)random.NextInt64(1, 4));
            float[][] vectors = [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, length).Select(_ => (float)random.NextInt64(-3, 4)).ToArray())];
            var order = random.ChoiceWithoutReplacement(count, count);

            var result = new GeometricMedian().Aggregate(AnyRule.SetOf(vectors), 0);
            var renamed = new GeometricMedian().Aggregate(AnyRule.SetOf([.. order.Select(i => vectors[i])]), 0);

            Assert.Equal(result.Vector.ToArray(), renamed.Vector.ToArray());
            Assert.Equal(order.Select(i => result.Scores[(int)i]), renamed.Scores.Select(score => score));

            // The float's rounding of components below 4.
            var slack = count * length * Math.ScaleB(1, -22);
            double[] mean = [.. Enumerable.Range(0, length).Select(i => vectors.Average(row => (double)row[i]))];
            double[][] others = [mean, .. vectors.Select(row => Array.ConvertAll(row, x => (double)x))];
            var total = NaiveAggregation.TotalDistance(vectors, Array.ConvertAll(result.Vector.ToArray(), x => (double)x));
            Assert.All(others, other => Assert.True(total <= NaiveAggregation.TotalDistance(vectors, other) + slack));
        }
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

    private static IEnumerable<int[]> Permutations(int[] items) => items.Length == 0
        ? [[]]
        : items.SelectMany((item, i) => Permutations([.. items[..i], .. items[(i + 1)..]]).Select(rest => (int[])[item, .. rest]));
}
