using Mfn.Core.Aggregation.PreAggregations;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Tests.Aggregation;

/// <summary>The examples in ByzFL's documentation and in Flower's own tests.</summary>
public sealed class PublishedVectorTests
{
    private static readonly UpdateSet Ramp = AnyRule.SetOf([1, 2, 3], [4, 5, 6], [7, 8, 9]);

    public static TheoryData<string, float[]> RampCases => new()
    {
        { "krum byzfl-compat", [1, 2, 3] },
        { "multi-krum byzfl-compat", [2.5f, 3.5f, 4.5f] },
        { "mda", [2.5f, 3.5f, 4.5f] },
        { "meamed", [2.5f, 3.5f, 4.5f] },
        { "trimmed-mean", [4, 5, 6] },
        { "median", [4, 5, 6] },
        { "geometric-median", [4, 5, 6] },
    };

    [Theory, MemberData(nameof(RampCases))]
    public void Aggregate_Ramp_IsAsPublished(string rule, float[] expected) =>
        Assert.Equal(expected, AnyRule.All[rule].Aggregate(Ramp, 1).Vector.ToArray());

    [Fact]
    public void CenteredClipping_WideRadius_IsTheMean() =>
        Assert.Equal([4, 5, 6], new CenteredClipping(radius: 100, stepCount: 1).Aggregate(Ramp, 1).Vector.ToArray());

    [Fact]
    public void NearestNeighborMixing_Ramp_IsAsPublished() =>
        Assert.Equal(
            [[2.5f, 3.5f, 4.5f], [2.5f, 3.5f, 4.5f], [5.5f, 6.5f, 7.5f]],
            AnyRule.Rows(new NearestNeighborMixing().Transform(Ramp, 1)));

    [Fact]
    public void NormClipping_Ramp_IsAsPublished()
    {
        float[] expected =
        [
            0.53452248f, 1.06904497f, 1.60356745f, 0.91168461f, 1.13960576f, 1.36752692f, 1.00514142f, 1.14873305f, 1.29232469f,
        ];

        var actual = AnyRule.Rows(new NormClipping(2).Transform(Ramp, 1)).SelectMany(row => row);

        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }

    [Fact]
    public void Krum_FlowersThreeClients_PicksTheMiddleOrRefuses()
    {
        var updates = AnyRule.SetOf([0.2f, 0.2f, 0.2f, 0.2f], [0.7f, 0.7f, 0.7f, 0.7f], [1, 1, 1, 1]);

        Assert.Equal([0.7f, 0.7f, 0.7f, 0.7f], new Krum(KrumVariant.FlowerCompat).Aggregate(updates, 1).Vector.ToArray());
        Assert.Equal(0, Assert.Throws<PreconditionException>(() => new Krum().Aggregate(updates, 1)).LargestByzantineCount);
    }

    [Fact]
    public void MultiKrum_FlowersThreeClients_IsTheMeanOfTwo() =>
        Assert.Equal(
            [0.35f], new MultiKrum(2, KrumVariant.FlowerCompat).Aggregate(AnyRule.SetOf([0.2f], [0.5f], [1]), 1).Vector.ToArray());

    [Fact]
    public void TrimmedMean_FlowersFourClients_IsOneHalf()
    {
        var updates = AnyRule.SetOf([0.5f, 0.5f, 0.5f, 0.5f], [1, 0.2f, 0.5f, 1], [0.2f, 0.5f, 1, 0.2f], [0.5f, 1, 0.2f, 0.5f]);

        Assert.Equal([0.5f, 0.5f, 0.5f, 0.5f], new TrimmedMean().Aggregate(updates, 1).Vector.ToArray());
    }
}
