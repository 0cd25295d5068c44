using Mfn.Core.Randomness;
using Mfn.Core.Tests.Networks;

namespace Mfn.Core.Tests.Randomness;

public sealed class MersenneTwisterTests
{
    [Fact]
    public void NextUInt32_ClassicSeed_GivesThePublishedNumbers()
    {
        var random = new MersenneTwister(5489);

        Assert.Equal(
            [3499211612u, 581869302, 3890346734, 3586334585, 545404204],
            Enumerable.Range(0, 5).Select(_ => random.NextUInt32()));
    }

    // The C++ standard, [rand.predef], states this number for std::mt19937.
    [Fact]
    public void NextUInt32_TenThousandthOfClassicSeed_IsThePublishedNumber()
    {
        var random = new MersenneTwister(5489);
        for (var i = 1; i < 10_000; i++)
        {
            random.NextUInt32();
        }

        Assert.Equal(4123659995u, random.NextUInt32());
    }

    [Fact]
    public void Draws_TorchSequence_HaveTheSameBits()
    {
        var recorded = GoldenFile.Open("network.json").GetProperty("torch_rng");
        var random = new MersenneTwister(recorded.GetProperty("manual_seed").GetUInt64());

        var uniform = Enumerable.Range(0, 12).Select(_ => random.Uniform(-0.5f, 0.5f)).ToArray();
        var seed = random.NextUInt64() & long.MaxValue;
        var order = new MersenneTwister(seed).Permutation(16);

        Assert.Equal(GoldenSingles.Flatten(recorded.GetProperty("uniform_-0.5_0.5_12")), uniform);
        Assert.Equal(recorded.GetProperty("then_random_int64").GetString(), $"{seed}");
        Assert.Equal(recorded.GetProperty("randperm16_with_that_seed").EnumerateArray().Select(item => item.GetInt32()), order);
    }

    [Fact]
    public void Constructor_SeedsThatAgreeInTheirLowHalf_GiveTheSameStream() =>
        Assert.Equal(new MersenneTwister(7).NextUInt64(), new MersenneTwister((5UL << 32) + 7).NextUInt64());

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1000)]
    public void Permutation_AnyCount_HoldsEveryNumberOnce(int count) =>
        Assert.Equal(Enumerable.Range(0, count), new MersenneTwister(3).Permutation(count).Order());

    [Fact]
    public void Permutation_NegativeCount_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new MersenneTwister(3).Permutation(-1));
}
