using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Mfn.Core.Randomness;

namespace Mfn.Core.Tests.Randomness;

public sealed class RandomGeneratorTests
{
    private const string File = "rng.json";

    public static TheoryData<string> Seeds => GoldenFile.Ids(File);

    [Theory, MemberData(nameof(Seeds))]
    public void Constructor_AnySeed_HasNumpysState(string id)
    {
        var (random, outputs) = Open(id);

        GoldenFile.AssertState(outputs.GetProperty("initial"), random.State);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void NextUInt64_AnySeed_EqualsNumpy(string id)
    {
        var (random, outputs) = Open(id);

        var expected = outputs.GetProperty("raw_u64").EnumerateArray().Select(item => ulong.Parse(item.GetString()!, CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(expected, Draw(expected.Length, random.NextUInt64));
    }

    [Theory, MemberData(nameof(Seeds))]
    public void NextDouble_AnySeed_EqualsNumpy(string id)
    {
        AssertDraws(id, "random", random => random.NextDouble());

        var (many, outputs) = Open(id);
        Assert.Equal(outputs.GetProperty("random_100000_sha256").GetString(), GoldenFile.Hash<double>(Draw(100_000, many.NextDouble)));
    }

    [Theory, MemberData(nameof(Seeds))]
    public void StandardNormal_AnySeed_EqualsNumpyInTheTailToo(string id)
    {
        AssertDraws(id, "standard_normal", random => random.StandardNormal());

        var (many, outputs) = Open(id);
        var normals = Draw(200_000, many.StandardNormal);
        foreach (var item in outputs.GetProperty("standard_normal_tail").EnumerateArray())
        {
            Assert.Equal(item[1].GetDouble(), normals[item[0].GetInt32()]);
        }

        Assert.Equal(outputs.GetProperty("standard_normal_200000_sha256").GetString(), GoldenFile.Hash<double>(normals));
    }

    [Fact]
    public void Fill_AnyLength_DrawsWhatSingleCallsDraw()
    {
        var (singly, filling) = (new RandomGenerator(7), new RandomGenerator(7));
        foreach (var length in new[] { 0, 1, 2, 17, 200_000 })
        {
            var (normals, scaled, uniforms) = (new double[length], new double[length], new double[length]);
            filling.FillStandardNormal(normals);
            filling.FillNormal(-0.07, 0.005, scaled);
            filling.FillUniform(0.0, 0.1, uniforms);

            Assert.Equal(Enumerable.Range(0, length).Select(_ => singly.StandardNormal()), normals);
            Assert.Equal(Enumerable.Range(0, length).Select(_ => singly.Normal(-0.07, 0.005)), scaled);
            Assert.Equal(Enumerable.Range(0, length).Select(_ => singly.Uniform(0.0, 0.1)), uniforms);
            Assert.Equal(singly.State, filling.State);
        }
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Normal_AnySeed_EqualsNumpy(string id) => AssertDraws(id, "normal_-0.07_0.005", random => random.Normal(-0.07, 0.005));

    [Theory, MemberData(nameof(Seeds))]
    public void Uniform_AnySeed_EqualsNumpy(string id)
    {
        AssertDraws(id, "uniform_0_0.1", random => random.Uniform(0, 0.1));
        AssertDraws(id, "uniform_-1_1", random => random.Uniform(-1, 1));
    }

    [Theory, MemberData(nameof(Seeds))]
    public void NextInt64_AnySeed_EqualsNumpy(string id)
    {
        foreach (var (name, low, high) in new[]
        {
            ("integers_0_4", 0L, 4L),
            ("integers_0_64", 0, 64),
            ("integers_0_100", 0, 100),
            ("integers_0_1000", 0, 1000),
            ("integers_50_201", 50, 201),
            ("integers_0_2**40", 0, 1L << 40),
        })
        {
            AssertDraws(id, name, random => random.NextInt64(low, high));
        }
    }

    [Theory, MemberData(nameof(Seeds))]
    public void NextInt64_OneValue_DrawsNothing(string id)
    {
        var (random, outputs) = Open(id);
        var expected = outputs.GetProperty("integers_0_1_then_random");

        Assert.Equal(expected[0].GetInt64(), random.NextInt64(0, 1));
        Assert.Equal(expected[1].GetDouble(), random.NextDouble());
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Draws_OfEveryKindInTurn_ShareTheStreamAsInNumpy(string id)
    {
        var (random, outputs) = Open(id);
        var expected = GoldenFile.Doubles(outputs.GetProperty("mixed"));

        var actual = new List<double>();
        for (var round = 0; round < 20; round++)
        {
            actual.Add(random.NextDouble());
            actual.Add(random.NextInt64(0, 57));
            actual.Add(random.Normal(0.02, 0.005));
            actual.Add(random.Choice([32, 64, 128]));
            actual.Add(random.Uniform(-1, 1));
        }

        Assert.Equal(expected, actual);
        GoldenFile.AssertState(outputs.GetProperty("mixed_final"), random.State);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void ChoiceWithoutReplacement_BothAlgorithms_EqualNumpy(string id)
    {
        foreach (var (population, count) in new[] { (1500, 150), (20_000, 2_000) })
        {
            var (random, outputs) = Open(id);
            var chosen = random.ChoiceWithoutReplacement(population, count).Select(item => (long)item).ToArray();

            var name = $"choice_{population}_{count}";
            Assert.Equal(outputs.GetProperty($"{name}_first20").EnumerateArray().Select(item => item.GetInt64()), chosen[..20]);
            Assert.Equal(outputs.GetProperty($"{name}_sha256").GetString(), GoldenFile.Hash<long>(chosen));
        }
    }

    [Fact]
    public void NextInt64_AnyRange_StaysInsideAndReachesBothEnds()
    {
        var random = new RandomGenerator(7);
        var drawn = Draw(1_000, () => random.NextInt64(-3, 4));

        Assert.Equal(-3, drawn.Min());
        Assert.Equal(3, drawn.Max());
    }

    [Fact]
    public void NextInt64_WholeRanges_TakeTheirBitsAsTheyAre()
    {
        // 2^32 values: the low half of a draw, then its high half; 2^64 - 1 values need the 128-bit product.
        var bits = new RandomGenerator(7).NextUInt64();
        var random = new RandomGenerator(7);

        Assert.Equal((long)(uint)bits, random.NextInt64(0, 1L << 32));
        Assert.Equal((long)(bits >> 32), random.NextInt64(0, 1L << 32));
        Assert.InRange(random.NextInt64(long.MinValue, long.MaxValue), long.MinValue, long.MaxValue - 1);
    }

    [Fact]
    public void State_Restored_GoesOnWithTheBufferedHalf()
    {
        var random = new RandomGenerator(42);
        random.NextInt64(0, 57);
        var restored = new RandomGenerator(random.State);

        Assert.NotNull(random.State.BufferedHalf);
        Assert.Equal(Draw(10, () => random.NextInt64(0, 57)), Draw(10, () => restored.NextInt64(0, 57)));
    }

    [Fact]
    public void Arguments_OutOfRange_AreRefused()
    {
        var random = new RandomGenerator(1);
        var state = random.State;

        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomGenerator(BigInteger.MinusOne));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.NextInt64(3, 3));
        Assert.Throws<ArgumentException>(() => random.Choice(ReadOnlySpan<int>.Empty));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.ChoiceWithoutReplacement(3, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.ChoiceWithoutReplacement(3, -1));
        Assert.Throws<ArgumentException>(() => new RandomGenerator(state with { Increment = 2 }));
        Assert.Equal(state, random.State);
    }

    [Fact]
    public void ChoiceWithoutReplacement_Everything_IsAPermutation()
    {
        foreach (var population in new[] { 0, 1, 2, 57, 10_001 })
        {
            var chosen = new RandomGenerator(3).ChoiceWithoutReplacement(population, population);

            Assert.Equal(Enumerable.Range(0, population), chosen.Order());
        }
    }

    private static (RandomGenerator Random, JsonElement Outputs) Open(string id)
    {
        var (inputs, outputs) = GoldenFile.Case(File, id);
        return (new RandomGenerator(BigInteger.Parse(inputs.GetProperty("seed").GetString()!, CultureInfo.InvariantCulture)), outputs);
    }

    private static void AssertDraws(string id, string name, Func<RandomGenerator, double> draw)
    {
        var (random, outputs) = Open(id);
        var expected = GoldenFile.Doubles(outputs.GetProperty(name));

        Assert.Equal(expected, Draw(expected.Length, () => draw(random)));
    }

    private static T[] Draw<T>(int count, Func<T> draw)
    {
        var drawn = new T[count];
        foreach (ref var item in drawn.AsSpan())
        {
            item = draw();
        }

        return drawn;
    }
}
