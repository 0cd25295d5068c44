using Mfn.Core.Aggregation;
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
            var result = round.Aggregate(order.Select(index => Updates[index]), byzantineCount, threadCounts[i % 3]);
            hashes.Add(GoldenFile.Hash(result.Vector.Span) + GoldenFile.Hash(result.Scores.AsSpan()) + string.Join(' ', result.Selected));
        }

        Assert.Single(hashes);
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

    private static float[][] Vectors(int count, int length)
    {
        var random = new RandomGenerator(11);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, length).Select(_ => (float)random.Normal(0, 1)).ToArray())];
    }
}
