using System.Text.Json;
using Mfn.Core.Aggregation.Attacks;
using Mfn.Core.Aggregation.Distances;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;
using Mfn.Core.Randomness;
using Mfn.Core.Tests.Networks;

namespace Mfn.Core.Tests.Aggregation;

public sealed class AttackTests
{
    private const double Tolerance = 1e-6;

    private static readonly JsonElement Cases = GoldenFile.Open("peer_aggregators.json").GetProperty("attacks");

    // Each is the same in every component of what the peer sent.
    private static readonly (double LittleIsEnough, double InnerProduct)[] PeersFactors =
        [(2.097152, 2.097152), (2.448995720888321, 4.5358046511104)];

    public static TheoryData<int> PeerCases => [.. Enumerable.Range(0, Cases.GetArrayLength())];

    [Theory, MemberData(nameof(PeerCases))]
    public void Craft_PeersCase_Agrees(int index)
    {
        var item = Cases[index];
        var rows = item.GetProperty("honest").EnumerateArray().Select(GoldenSingles.Flatten).ToArray();
        var honest = AnyRule.SetOf(rows);

        Expect("SignFlipping", new SignFlip());
        Expect("IPM_tau2", new InnerProductManipulation(2));
        Expect("ALIE_tau1_5", new LittleIsEnough(1.5));
        Expect("Mimic_0", new Mimic(0));

        // The peer looked for the factor that moves a rule most; what it sent is the attack with that factor.
        Expect("OptALIE_vs_TrMean_NNM_Clip_f1", new LittleIsEnough(PeersFactors[index].LittleIsEnough));
        Expect("OptIPM_vs_TrMean_NNM_Clip_f1", new InnerProductManipulation(PeersFactors[index].InnerProduct));

        void Expect(string name, IAttack attack)
        {
            var crafted = attack.Craft(honest, 2);
            Assert.Equal(2, crafted.Length);
            Assert.All(crafted, vector => GoldenSingles.AssertClose(
                GoldenSingles.Flatten(item.GetProperty(name)), vector, Tolerance, Tolerance));
        }
    }

    // The normal quantile of (n - f - s) / (n - f) with s = n / 2 + 1 - f, from Python's statistics.NormalDist.
    [Theory]
    [InlineData(50, 24, 1.4260768722728479)]
    [InlineData(50, 12, 0.336038140371823)]
    [InlineData(25, 5, 0.2533471031357998)]
    [InlineData(20, 4, 0.15731068461017067)]
    [InlineData(100, 40, 0.9027347916438647)]
    [InlineData(7, 3, 0.6744897501960817)]
    public void LittleIsEnough_WithoutAFactor_TakesThePapers(int n, int f, double factor)
    {
        var honest = Honest(n - f, 5);

        var crafted = new LittleIsEnough().Craft(honest, f);

        Assert.Equal(f, crafted.Length);
        Assert.Equal(new LittleIsEnough(factor).Craft(honest, f)[0], crafted[0]);
        Assert.NotEqual(new LittleIsEnough(factor + 1e-3).Craft(honest, f)[0], crafted[0]);
    }

    [Fact]
    public void Craft_InfinityLargeNormAndSingleNaN_AreWhatTheySay()
    {
        var honest = AnyRule.SetOf([1, 2, 3], [3, 4, 5]);

        Assert.All(new InfiniteValues().Craft(honest, 2), vector => Assert.All(vector, value => Assert.True(float.IsPositiveInfinity(value))));
        Assert.Equal([[2e6f, 3e6f, 4e6f]], new LargeNorm().Craft(honest, 1));
        Assert.Equal([[float.NaN, 3, 4]], new SingleNaN().Craft(honest, 1));
    }

    [Fact]
    public void MinMax_AnyHonest_IsAsFarAsTheyAreApart()
    {
        var honest = Honest(9, 20);
        var crafted = new MinMax().Craft(honest, 1)[0];
        var distances = PairwiseDistances.Between(honest);

        var farthest = Enumerable.Range(0, 9).Max(i => NaiveDistances.Exact(honest[i].ToArray(), crafted));
        var diameter = Enumerable.Range(0, 9).Max(i => distances.SquaredFrom(i).ToArray().Max());

        Assert.Equal(diameter, farthest, 1e-5 * diameter);
    }

    [Fact]
    public void GaussianNoise_SameSeed_IsTheSameNoise()
    {
        var honest = Honest(3, 4);

        Assert.Equal(new GaussianNoise(seed: 1).Craft(honest, 2), new GaussianNoise(seed: 1).Craft(honest, 2));
        Assert.NotEqual(new GaussianNoise(seed: 1).Craft(honest, 2), new GaussianNoise(seed: 2).Craft(honest, 2));
    }

    [Fact]
    public void Measure_EveryRuleAndAttack_StaysNearTheHonestMean()
    {
        // Clusters of the reference's hierarchical Krum have no guarantee, and the mean takes no attackers.
        var rules = AnyRule.All.Where(rule => !rule.Key.StartsWith("hierarchical", StringComparison.Ordinal)).Select(rule => rule.Value);

        var table = AttackLaboratory.Measure(Honest(13, 50), 2, rules, AttackLaboratory.AttacksWithSeed(42));

        Assert.Equal(15 * 9, table.Length);
        Assert.All(table, line => Assert.True(line.Rule == "mean" ? line.Distance is null : line.RelativeDistance < 3, $"{line}"));
    }

    [Fact]
    public void Measure_RuleWithTooFewUpdates_SaysWhy()
    {
        var line = AttackLaboratory.Measure(Honest(6, 3), 1, [new Bulyan()], [new SingleNaN()]).Single();

        Assert.Null(line.Distance);
        Assert.StartsWith("bulyan needs n >= 4f + 3, but n = 6", line.Refusal, StringComparison.Ordinal);
    }

    private static UpdateSet Honest(int count, int length)
    {
        var random = new RandomGenerator(5);
        return AnyRule.SetOf(
            [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, length).Select(_ => (float)random.Normal(1, 1)).ToArray())]);
    }
}
