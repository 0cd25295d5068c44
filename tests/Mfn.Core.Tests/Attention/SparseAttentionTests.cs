using FsCheck;
using FsCheck.Fluent;
using Mfn.Core.Attention;
using Mfn.Core.Networks;
using Mfn.Core.Randomness;
using Mfn.Core.Tests.Networks;

namespace Mfn.Core.Tests.Attention;

public sealed class SparseAttentionTests
{
    private const string GoldenCases = "attention.json";

    // torch sums products of floats in an order of its own.
    private const double RelativeTolerance = 2e-5;
    private const double AbsoluteTolerance = 2e-6;

    // A few roundings to float of numbers below 3.
    private const double SingleRounding = 1e-6;

    public static TheoryData<string> Cases => GoldenFile.Ids(GoldenCases);

    public static TheoryData<int> ConfigCases =>
        [.. Enumerable.Range(0, GoldenFile.Open(GoldenCases).GetProperty("config_cases").GetArrayLength())];

    [Theory, MemberData(nameof(Cases))]
    public void Forward_ReferenceCase_Agrees(string id)
    {
        var (inputs, outputs) = GoldenFile.Case(GoldenCases, id);
        var shape = inputs.GetProperty("x").GetProperty("shape").EnumerateArray().Select(item => item.GetInt32()).ToArray();
        var (sequenceCount, length, width) = (shape[0], shape[1], shape[2]);
        var attendedCount = inputs.GetProperty("topk").GetInt32();
        var layer = new AttentionLayer(width, attendedCount, new MersenneTwister(0));
        var stored = inputs.GetProperty("weights");
        foreach (var (name, part) in new[] { ("q", layer.Query), ("k", layer.Key), ("v", layer.Value), ("out", layer.Output) })
        {
            GoldenSingles.Stored(stored.GetProperty($"{name}_proj.weight")).CopyTo(part.Weights.Values);
            GoldenSingles.Stored(stored.GetProperty($"{name}_proj.bias")).CopyTo(part.Biases.Values);
        }

        var x = GoldenSingles.Stored(inputs.GetProperty("x"));
        var y = new float[x.Length];
        layer.Forward(x, length, y);

        GoldenSingles.AssertClose(GoldenSingles.Stored(outputs.GetProperty("y")), y, RelativeTolerance, AbsoluteTolerance);

        var expectedScores = GoldenSingles.Stored(outputs.GetProperty("scores"));
        for (var sequence = 0; sequence < sequenceCount; sequence++)
        {
            var rows = x.AsSpan(sequence * length * width, length * width);
            var (queries, keys) = (new float[rows.Length], new float[rows.Length]);
            layer.Query.Forward(rows, queries);
            layer.Key.Forward(rows, keys);
            var scores = new float[length * length];
            SparseAttention.Score(queries, keys, width, scores);
            GoldenSingles.AssertClose(
                expectedScores[(sequence * length * length)..((sequence + 1) * length * length)],
                scores,
                RelativeTolerance,
                AbsoluteTolerance);

            var expectedSelections = outputs.GetProperty("topk_indices_sorted")[sequence];
            for (var query = 0; query < length; query++)
            {
                // Which of tied scores are taken is not defined there; here it is the first ones, so a tie compares scores.
                var row = scores[(query * length)..((query + 1) * length)];
                var expected = expectedSelections[query].EnumerateArray().Select(item => item.GetInt32()).ToArray();
                var selected = new int[Math.Min(attendedCount, length)];
                SparseAttention.SelectLargest(row, selected);
                Assert.Equal(expected.Select(key => row[key]).Order(), selected.Select(key => row[key]).Order());
                if (row.Distinct().Count() == row.Length)
                {
                    Assert.Equal(expected, selected);
                }
            }
        }
    }

    [Theory, MemberData(nameof(ConfigCases))]
    public void Constructor_ReferenceConfig_IsRefusedOrNot(int index)
    {
        var item = GoldenFile.Open(GoldenCases).GetProperty("config_cases")[index];
        var inputs = item.GetProperty("inputs");
        var width = inputs.GetProperty("embed_dim").GetInt32();
        var attendedCount = inputs.TryGetProperty("topk", out var topk) ? topk.GetInt32() : 4;
        void Construct() => _ = new AttentionLayer(width, attendedCount, new MersenneTwister(0));

        // The reference checks a number of heads and then never uses it; here there is none to get wrong.
        var isAboutHeads = inputs.TryGetProperty("num_heads", out _);
        if (item.GetProperty("outputs").GetProperty("ok").GetBoolean() || isAboutHeads)
        {
            Construct();
            return;
        }

        Assert.Throws<ArgumentOutOfRangeException>(Construct);
    }

    [Fact]
    public void Attend_AtLeastAsManyAsKeys_IsOrdinaryAttention() =>
        AssertNaive((length, extra) => (length + extra, length));

    [Fact]
    public void Attend_FewerThanKeys_LeavesTheOthersOut() =>
        AssertNaive((length, extra) => (1 + (extra % length), 1 + (extra % length)));

    [Fact]
    public void Weigh_AnyScores_AddsUpToOneOverTheSelected() =>
        Prop.ForAll(
            Gen.Choose(1, 20).Two().Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary(),
            sizesAndSeed =>
            {
                var ((length, attendedCount), seed) = sizesAndSeed;
                var weights = new float[length * length];
                SparseAttention.Weigh(Singles(length * length, seed), length, attendedCount, weights);
                return weights.Chunk(length).All(row =>
                    Math.Abs(row.Sum(weight => (double)weight) - 1) < SingleRounding
                    && row.Count(weight => weight > 0) == Math.Min(attendedCount, length));
            }).Check(Config.QuickThrowOnFailure.WithReplay(123UL, 45UL));

    [Theory]
    [InlineData(new float[] { 1, 3, 2 }, new[] { 1, 2 })]
    [InlineData(new float[] { 2, 2, 2 }, new[] { 0, 1 })]
    [InlineData(new float[] { 1, 2, 5, 2 }, new[] { 1, 2 })]
    [InlineData(new float[] { 9, 1, float.NaN }, new[] { 0, 2 })]
    [InlineData(new float[] { float.NaN, 9, float.NaN, float.NaN }, new[] { 0, 2 })]
    [InlineData(new float[] { float.NegativeInfinity, float.PositiveInfinity, 0 }, new[] { 1, 2 })]
    public void SelectLargest_TiesAndNaN_TakesTheFirstAndTheNaN(float[] scores, int[] expected)
    {
        var selected = new int[expected.Length];

        SparseAttention.SelectLargest(scores, selected);

        Assert.Equal(expected, selected);
    }

    [Fact]
    public void Weigh_RowThatIsNotANumber_IsZero()
    {
        var weights = new float[4];

        SparseAttention.Weigh([float.NaN, 1, 0, 0], length: 2, attendedCount: 2, weights);

        Assert.Equal([0, 0, 0.5f, 0.5f], weights);
    }

    [Fact]
    public void Attend_SpansThatDoNotFit_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => SparseAttention.Attend(new float[3], new float[3], new float[3], 2, 1, new float[3]));
        Assert.Throws<ArgumentException>(() => SparseAttention.Attend(new float[4], new float[2], new float[4], 2, 1, new float[4]));
        Assert.Throws<ArgumentException>(() => SparseAttention.Attend(new float[4], new float[4], new float[2], 2, 1, new float[4]));
        Assert.Throws<ArgumentException>(() => SparseAttention.Attend(new float[4], new float[4], new float[4], 2, 1, new float[2]));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => SparseAttention.Attend(new float[4], new float[4], new float[4], 2, 0, new float[4]));
        Assert.Throws<ArgumentException>(() => SparseAttention.SelectLargest([1], new int[2]));
    }

    /// <summary>Compares with the naive form, given how many keys either of the two attends to.</summary>
    private static void AssertNaive(Func<int, int, (int Attended, int NaiveAttended)> counts) =>
        Prop.ForAll(
            Gen.Choose(1, 12).Two().Zip(Gen.Choose(0, 1000).Two()).ToArbitrary(),
            sizes =>
            {
                var ((length, width), (extra, seed)) = sizes;
                var (attendedCount, naiveCount) = counts(length, extra);
                var parts = Enumerable.Range(0, 3).Select(part => Singles(length * width, (seed * 3) + part)).ToArray();
                var actual = new float[length * width];

                SparseAttention.Attend(parts[0], parts[1], parts[2], width, attendedCount, actual);

                var rows = parts.Select(part => part.Chunk(width).Select(row => row.Select(x => (double)x).ToArray()).ToArray()).ToArray();
                var expected = NaiveAttention.Attend(rows[0], rows[1], rows[2], naiveCount).SelectMany(row => row);
                return expected.Zip(actual).All(pair => Math.Abs(pair.First - pair.Second) < SingleRounding);
            }).Check(Config.QuickThrowOnFailure.WithReplay(123UL, 45UL));

    private static float[] Singles(int count, int seed)
    {
        var random = new RandomGenerator(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)random.Uniform(-2, 2))];
    }
}
