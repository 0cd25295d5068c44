using FsCheck;
using FsCheck.Fluent;
using Mfn.Core.Aggregation.PreAggregations;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Sorting;

namespace Mfn.Core.Tests.Aggregation;

/// <summary>What holds for any updates. Components are small integers: sums are exact, and ties are frequent.</summary>
public sealed class AggregationPropertyTests
{
    private const double Tolerance = 1e-6;

    private static readonly Config Replayed = Config.QuickThrowOnFailure.WithReplay(123UL, 45UL);

    private static readonly Arbitrary<(float[][] Vectors, int Shift)> AnyVectors = (
        from n in Gen.Choose(1, 13)
        from d in Gen.Choose(1, 20)
        from components in Gen.Choose(-9, 9).ArrayOf(n * d)
        from shift in Gen.Choose(-1000, 1000)
        select (components.Select(component => (float)component).Chunk(d).ToArray(), shift)).ToArbitrary();

    [Fact]
    public void Aggregate_AnyUpdates_AgreesWithThePapers() => Prop.ForAll(AnyVectors, sample =>
    {
        var x = sample.Vectors;
        Agree(new Krum(), NaiveAggregation.Krum);
        Agree(new MultiKrum(), NaiveAggregation.MultiKrum);
        Agree(new Bulyan(), NaiveAggregation.Bulyan);
        Agree(new CoordinateWiseMedian(), (vectors, _) => NaiveAggregation.Median(vectors));
        Agree(new TrimmedMean(), NaiveAggregation.TrimmedMean);
        Agree(new Meamed(), (vectors, f) => NaiveAggregation.MeanAroundMedian(vectors, vectors.Length - f));
        Agree(new MinimumDiameterAveraging(), NaiveAggregation.MinimumDiameterAveraging);
        Agree(new CenteredClipping(2, 3), (vectors, _) => NaiveAggregation.CenteredClipping(vectors, 2, 3));

        void Agree(IAggregationRule rule, Func<float[][], int, double[]> naive)
        {
            for (var f = 0; f <= (rule.Precondition.LargestByzantineCount(x.Length) ?? -1); f++)
            {
                AssertClose(naive(x, f), rule.Aggregate(AnyRule.SetOf(x), f).Vector.Span);
            }
        }
    }).Check(Replayed);

    [Fact]
    public void NearestNeighborMixing_AnyUpdates_AgreesWithThePaper() => Prop.ForAll(AnyVectors, sample =>
    {
        var x = sample.Vectors;
        var f = (x.Length - 1) / 2;
        var mixed = new NearestNeighborMixing().Transform(AnyRule.SetOf(x), f);
        for (var i = 0; i < x.Length; i++)
        {
            AssertClose(NaiveAggregation.NearestNeighborMean(x, i, f), mixed[i]);
        }
    }).Check(Replayed);

    [Fact]
    public void Clipping_AnyUpdates_AgreesWithThePapers() => Prop.ForAll(AnyVectors, sample =>
    {
        var x = sample.Vectors;
        var f = (x.Length - 1) / 2;
        var clipped = new NormClipping(5).Transform(AnyRule.SetOf(x), f);
        var adapted = new AdaptiveNormClipping().Transform(AnyRule.SetOf(x), f);
        var expected = NaiveAggregation.AdaptiveClip(x, f);
        for (var i = 0; i < x.Length; i++)
        {
            AssertClose(NaiveAggregation.Clip(Array.ConvertAll(x[i], component => (double)component), 5), clipped[i]);
            AssertClose(expected[i], adapted[i]);
        }
    }).Check(Replayed);

    [Fact]
    public void Bucketing_AnyUpdates_KeepsTheSumAndTheHull() => Prop.ForAll(AnyVectors, sample =>
    {
        var x = sample.Vectors;
        var buckets = AnyRule.Rows(new Bucketing(3).Transform(AnyRule.SetOf(x), 0));
        Assert.Equal((x.Length + 2) / 3, buckets.Length);
        for (var i = 0; i < x[0].Length; i++)
        {
            // All are of three but the last.
            var rest = x.Length - (3 * (buckets.Length - 1));
            var sum = buckets.Select((bucket, b) => (b < buckets.Length - 1 ? 3 : rest) * (double)bucket[i]).Sum();
            Assert.Equal(x.Sum(row => (double)row[i]), sum, 1e-4);
            Assert.All(buckets, bucket => Assert.InRange(bucket[i], x.Min(row => row[i]), x.Max(row => row[i])));
        }
    }).Check(Replayed);

    // The clients' names decide ties and clusters, so here there are neither.
    [Theory, MemberData(nameof(AnyRule.Names), MemberType = typeof(AnyRule))]
    public void Aggregate_RenamedClients_GivesTheSame(string name)
    {
        // Many sets have the same diameter, as it is that of two of their updates.
        var rule = AnyRule.All[name];
        if (rule is HierarchicalKrum or MinimumDiameterAveraging)
        {
            return;
        }

        var random = new Mfn.Core.Randomness.RandomGenerator(3);
        float[][] x = [.. Enumerable.Range(0, 15).Select(_ => Enumerable.Range(0, 30).Select(_ => (float)random.StandardNormal()).ToArray())];
        for (var f = 0; f <= Math.Min(6, rule.Precondition.LargestByzantineCount(x.Length) ?? -1); f++)
        {
            // Scores are of one neighbour at Bulyan's end, and then two nearest to one another tie.
            if (rule is Bulyan && f is (1 or 2))
            {
                continue;
            }

            var expected = Array.ConvertAll(rule.Aggregate(AnyRule.SetOf(x), f).Vector.ToArray(), component => (double)component);
            var order = random.ChoiceWithoutReplacement(x.Length, x.Length);

            var renamed = rule.Aggregate(AnyRule.SetOf([.. order.Select(i => x[i])]), f);

            AssertClose(expected, renamed.Vector.Span);
        }
    }

    // Ties at both edges of the window, which the order of the updates decides, in any column of a vector.
    [Fact]
    public void Meamed_TiesOnBothSides_TakesTheFirst()
    {
        for (var tied = 0; tied < 20; tied++)
        {
            float[][] x = [.. new float[] { 4, -4, 0, 1, -1 }.Select(value => Enumerable.Range(0, 20).Select(i => i == tied ? value : value * i).ToArray())];
            var expected = NaiveAggregation.MeanAroundMedian(x, 4);

            AssertClose(expected, new Meamed().Aggregate(AnyRule.SetOf(x), 1).Vector.Span);
            Assert.Equal(1, expected[tied]);
        }
    }

    [Fact]
    public void GeometricMedian_AnyUpdates_NoNeighborIsBetter() => Prop.ForAll(AnyVectors, sample =>
    {
        var x = sample.Vectors;
        var median = Array.ConvertAll(
            new GeometricMedian().Aggregate(AnyRule.SetOf(x), 0).Vector.ToArray(), component => (double)component);
        var total = NaiveAggregation.TotalDistance(x, median);
        for (var i = 0; i < 2 * median.Length; i++)
        {
            var neighbor = (double[])median.Clone();
            neighbor[i / 2] += i % 2 == 0 ? 0.01 : -0.01;
            Assert.True(NaiveAggregation.TotalDistance(x, neighbor) >= total - (1e-6 * total), $"{total} can be smaller.");
        }

        Assert.All(x, row => Assert.True(
            NaiveAggregation.TotalDistance(x, Array.ConvertAll(row, component => (double)component)) >= total - (1e-6 * total)));
    }).Check(Replayed);

    [Theory, MemberData(nameof(AnyRule.Names), MemberType = typeof(AnyRule))]
    public void Aggregate_Translated_IsTranslated(string name) => Prop.ForAll(AnyVectors, sample =>
    {
        // Centered clipping starts at the origin, which does not move.
        var rule = AnyRule.All[name];
        if (rule is CenteredClipping || rule.Precondition.LargestByzantineCount(sample.Vectors.Length) is not { } f)
        {
            return;
        }

        var plain = rule.Aggregate(AnyRule.SetOf(sample.Vectors), f);
        var moved = rule.Aggregate(AnyRule.SetOf(Each(sample.Vectors, component => component + sample.Shift)), f);

        Assert.Equal(plain.Selected.ToArray(), moved.Selected.ToArray());
        AssertClose(
            [.. plain.Vector.ToArray().Select(component => (double)component + sample.Shift)], moved.Vector.Span, relativeTo: 1000);
    }).Check(Replayed);

    [Theory, MemberData(nameof(AnyRule.Names), MemberType = typeof(AnyRule))]
    public void Aggregate_ScaledByAPowerOfTwo_IsScaled(string name) => Prop.ForAll(AnyVectors, sample =>
    {
        // Centered clipping has a radius, which does not grow.
        var rule = AnyRule.All[name];
        if (rule is CenteredClipping || rule.Precondition.LargestByzantineCount(sample.Vectors.Length) is not { } f)
        {
            return;
        }

        var plain = rule.Aggregate(AnyRule.SetOf(sample.Vectors), f);
        var scaled = rule.Aggregate(AnyRule.SetOf(Each(sample.Vectors, component => component * 1024)), f);

        Assert.Equal(Array.ConvertAll(plain.Vector.ToArray(), component => component * 1024), scaled.Vector.ToArray());
    }).Check(Replayed);

    // Every sequence of 0 and 1 is sorted; by the 0-1 principle so is every other.
    [Fact]
    public void SortingNetwork_EveryZeroOneSequence_IsSorted()
    {
        for (var n = 1; n <= 16; n++)
        {
            var network = SortingNetwork.Of(n, 0, n);
            for (var bits = 0; bits < 1 << n; bits += SortingNetwork.Width)
            {
                float[][] columns = [.. Enumerable.Range(bits, SortingNetwork.Width).Select(
                    sequence => Enumerable.Range(0, n).Select(row => (float)((sequence >> row) & 1)).ToArray())];

                Assert.Equal(Array.ConvertAll(columns, column => column.Order().ToArray()), SortColumns(network, columns));
            }
        }
    }

    // Sizes with whole and partial runs on every level, and windows in which steps are left out.
    [Fact]
    public void SortingNetwork_ManyRows_PutsTheWantedOnesInTheirPlaces()
    {
        var random = new Mfn.Core.Randomness.RandomGenerator(1);
        foreach (var n in Enumerable.Range(1, 140).Concat([200, 257, 300, 520, 1000, 2100]))
        {
            foreach (var (first, last) in new[] { (0, n), ((n - 1) / 2, (n / 2) + 1), (n / 5, n - (n / 5)), (n - 1, n) })
            {
                float[][] columns = [.. Enumerable.Range(0, SortingNetwork.Width).Select(
                    _ => Enumerable.Range(0, n).Select(_ => (float)random.StandardNormal()).ToArray())];

                var actual = SortColumns(SortingNetwork.Of(n, first, last), columns);

                Assert.Equal(
                    Array.ConvertAll(columns, column => column.Order().ToArray()[first..last]),
                    Array.ConvertAll(actual, column => column[first..last]));
            }
        }
    }

    private static float[][] SortColumns(SortingNetwork network, float[][] columns)
    {
        var n = columns[0].Length;
        var keys = new int[network.SortedRowCount * SortingNetwork.Width];
        Array.Fill(keys, int.MaxValue);
        for (var run = 0; run < network.RunCount * SortingNetwork.RunLength; run += SortingNetwork.RunLength)
        {
            ReadOnlyMemory<float>[] rows = [.. Enumerable.Range(run, SortingNetwork.RunLength).Select(row =>
                (ReadOnlyMemory<float>)Array.ConvertAll(columns, column => row < n ? column[row] : float.PositiveInfinity))];
            network.SortRun(rows, keys.AsSpan(run * SortingNetwork.Width));
        }

        network.Merge(keys);
        network.Restore(keys);
        return Array.ConvertAll(
            [.. Enumerable.Range(0, SortingNetwork.Width)],
            column => Enumerable.Range(0, n).Select(row => BitConverter.Int32BitsToSingle(keys[(row * SortingNetwork.Width) + column])).ToArray());
    }

    private static float[][] Each(float[][] vectors, Func<float, float> function) =>
        Array.ConvertAll(vectors, vector => Array.ConvertAll(vector, component => function(component)));

    private static void AssertClose(double[] expected, ReadOnlySpan<float> actual, double relativeTo = 10)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], Tolerance * relativeTo);
        }
    }
}
