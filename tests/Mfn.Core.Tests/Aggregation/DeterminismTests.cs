using Mfn.Core.Aggregation;
using Mfn.Core.Aggregation.Distances;
using Mfn.Core.Aggregation.PreAggregations;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;
using Mfn.Core.Randomness;

namespace Mfn.Core.Tests.Aggregation;

/// <summary>The same updates give the same bits: in any order, on any number of threads, in chunks of any size.</summary>
public sealed class DeterminismTests
{
    private const int Length = 53;

    private static readonly Update[] Updates = [.. AnyRule.Updates(Vectors(15, Length))];

    [Theory, MemberData(nameof(AnyRule.Names), MemberType = typeof(AnyRule))]
    public void Aggregate_ThousandPermutations_HaveOneHash(string name)
    {
        var rule = AnyRule.All[name];
        var byzantineCount = rule.Precondition.LargestByzantineCount(Updates.Length)!.Value;
        var round = new Round(new AdmissionPolicy { Length = Length }, rule);
        var random = new RandomGenerator(7);
        int[] threadCounts = [1, 2, 4];
        var hashes = new HashSet<string>();
        for (var i = 0; i < 1000; i++)
        {
            var order = random.ChoiceWithoutReplacement(Updates.Length, Updates.Length);
            foreach (var threadCount in threadCounts)
            {
                var result = round.Aggregate(order.Select(index => Updates[index]), byzantineCount, threadCount);
                hashes.Add(GoldenFile.Hash(result.Vector.Span) + GoldenFile.Hash(result.Scores.AsSpan()) + string.Join(' ', result.Selected));
            }
        }

        Assert.Single(hashes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void NearestNeighborMixing_SeveralBlocks_AddsTheNearestInDoubleInTheirOrder(int threadCount)
    {
        // Neither the components nor the updates fill up what is computed at a time.
        var (count, byzantineCount) = (71, 30);
        var vectors = Vectors(count, 2003);

        var mixed = new NearestNeighborMixing().Transform(AnyRule.SetOf(vectors), byzantineCount, threadCount);

        for (var i = 0; i < count; i++)
        {
            var nearest = Enumerable.Range(0, count).OrderBy(j => NaiveDistances.Squared(vectors[i], vectors[j])).Take(count - byzantineCount).Order().ToArray();
            var expected = vectors[i].Select((_, component) => (float)(nearest.Sum(j => (double)vectors[j][component]) / nearest.Length));
            Assert.Equal(expected, mixed[i].ToArray());
        }
    }

    [Theory]
    [InlineData(1, 5000)]
    [InlineData(7, 5000)]
    [InlineData(512, 5000)]
    [InlineData(16384, 16384)]
    [InlineData(16384, 16385)]
    [InlineData(1, 17_500)]
    [InlineData(7, 17_500)]
    [InlineData(1000, 17_500)]
    [InlineData(1024, 17_500)]
    [InlineData(100_000, 17_500)]
    public void DistanceAccumulator_AnyChunks_HasTheBitsOfTheWhole(int chunkLength, int length)
    {
        var vectors = Vectors(4, length);
        var whole = PairwiseDistances.Between(AnyRule.SetOf(vectors), threadCount: 2);
        var accumulator = new DistanceAccumulator(vectors.Length);
        for (var start = 0; start < length; start += chunkLength)
        {
            var end = Math.Min(start + chunkLength, length);
            accumulator.Add(vectors.SelectMany(vector => vector[start..end]).ToArray());
        }

        var distances = accumulator.Complete();

        for (var i = 0; i < vectors.Length; i++)
        {
            Assert.Equal(whole.SquaredFrom(i), distances.SquaredFrom(i));
            Assert.Equal(NaiveDistances.Squared(vectors[0], vectors[i]), whole.Squared(0, i));
        }

        Assert.Equal(0, accumulator.Complete().Squared(0, 1));
    }

    [Fact]
    public void DistanceAccumulator_ChunkThatDoesNotFit_IsRefused() =>
        Assert.Throws<ArgumentException>(() => new DistanceAccumulator(3).Add(new float[4]));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Between_AnyThreads_HasTheSameBits(int threadCount)
    {
        var updates = AnyRule.SetOf(Vectors(3, (3 * 8 * 1024) + 5));

        Assert.Equal(
            PairwiseDistances.Between(updates).SquaredFrom(0), PairwiseDistances.Between(updates, threadCount).SquaredFrom(0));
    }

    // A spread of 1e-3 around ‖w‖² = 1e8, where single-precision expansion picks at random.
    [Fact]
    public void Score_SmallSpreadFarFromTheOrigin_RanksAsExactArithmetic()
    {
        const int Dimension = 100;
        for (var seed = 0; seed < 50; seed++)
        {
            var random = new RandomGenerator(seed);
            var center = Enumerable.Range(0, Dimension).Select(_ => random.Normal(1000, 1)).ToArray();
            float[][] vectors =
            [
                .. Enumerable.Range(0, 30).Select(_ => center.Select(c => (float)(c + random.Normal(0, 1e-3))).ToArray()),
            ];

            var selected = new Krum().Aggregate(AnyRule.SetOf(vectors), 6).Selected.Single();

            Assert.Equal(NaiveAggregation.ExactKrum(vectors, 6), selected);
        }
    }

    // The same with vectors that are long enough for sums in float.
    [Fact]
    public void Score_SmallSpreadOfLongVectors_RanksAsInDouble()
    {
        const int Dimension = 20_000;
        for (var seed = 0; seed < 10; seed++)
        {
            var random = new RandomGenerator(seed);
            var center = Enumerable.Range(0, Dimension).Select(_ => random.Normal(1e4 / Math.Sqrt(Dimension), 1)).ToArray();
            float[][] vectors =
            [
                .. Enumerable.Range(0, 20).Select(_ => center.Select(c => (float)(c + random.Normal(0, 1e-3))).ToArray()),
            ];
            double[][] distances =
            [
                .. vectors.Select(left => vectors.Select(right => NaiveDistances.Exact(left, right)).ToArray()),
            ];
            double[] expected = [.. distances.Select((row, i) => row.Where((_, j) => j != i).Order().Take(20 - 4 - 2).Sum())];

            var result = new Krum().Aggregate(AnyRule.SetOf(vectors), 4);

            Assert.All(expected.Zip(result.Scores), pair => Assert.Equal(pair.First, pair.Second, 1e-7 * pair.First));
            Assert.Equal(Array.IndexOf(expected, expected.Min()), result.Selected.Single());
        }
    }

    // Squares that no float can hold, and blocks that are the same.
    [Theory]
    [InlineData(3e38f)]
    [InlineData(1e-30f)]
    [InlineData(1e-22f)]
    [InlineData(float.Epsilon)]
    [InlineData(0f)]
    public void Between_LongVectorsOfAnyScale_AgreesWithDouble(float scale)
    {
        var vectors = Vectors(3, 20_000).Select(vector => Array.ConvertAll(vector, x => Math.Clamp(x, -1, 1) * scale)).ToArray();

        var distances = PairwiseDistances.Between(AnyRule.SetOf(vectors));

        for (var i = 0; i < 9; i++)
        {
            var expected = NaiveDistances.Exact(vectors[i / 3], vectors[i % 3]);
            Assert.Equal(expected, distances.Squared(i / 3, i % 3), 1e-6 * expected);
            Assert.Equal(NaiveDistances.Squared(vectors[i / 3], vectors[i % 3]), distances.Squared(i / 3, i % 3), 1e-12 * expected);
        }
    }

    // Tiles are not full at the edges, and columns come in groups of 32.
    [Theory]
    [InlineData(1, 100)]
    [InlineData(2, 511)]
    [InlineData(3, 17)]
    [InlineData(5, 513)]
    [InlineData(31, 40)]
    [InlineData(38, 16_500)]
    [InlineData(70, 33)]
    public void Between_AnyCount_IsAsDefined(int count, int length)
    {
        var vectors = Vectors(count, length);

        var distances = PairwiseDistances.Between(AnyRule.SetOf(vectors), threadCount: 2);

        for (var i = 0; i < count; i++)
        {
            for (var j = length > 1000 && i % 7 > 0 ? i : 0; j <= i; j++)
            {
                Assert.Equal(NaiveDistances.Squared(vectors[i], vectors[j]), distances.Squared(i, j));
                Assert.Equal(distances.Squared(j, i), distances.Squared(i, j));
            }
        }
    }

    private static float[][] Vectors(int count, int length)
    {
        var random = new RandomGenerator(11);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, length).Select(_ => (float)random.Normal(0, 1)).ToArray())];
    }
}
