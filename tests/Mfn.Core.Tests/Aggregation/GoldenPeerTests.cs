using System.Text.Json;
using Mfn.Core.Aggregation;
using Mfn.Core.Aggregation.PreAggregations;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;
using Mfn.Core.Tests.Networks;

namespace Mfn.Core.Tests.Aggregation;

/// <summary>What ByzFL and Flower computed in double on their own, against the variants named after them.</summary>
public sealed class GoldenPeerTests
{
    // Our vectors are floats: their rounding at the entrance and at the exit.
    private const double Tolerance = 1e-6;

    // ByzFL smooths the geometric median by 1e-9 and stops after 5000 steps.
    private const double GeometricMedianTolerance = 1e-5;

    private static readonly JsonElement Peers = GoldenFile.Open("peer_aggregators.json");

    public static TheoryData<int> AggregationCases => [.. Enumerable.Range(0, Peers.GetProperty("aggregation").GetArrayLength())];

    [Theory, MemberData(nameof(AggregationCases))]
    public void Aggregate_PeersCase_Agrees(int index)
    {
        var item = Peers.GetProperty("aggregation")[index];
        var byzfl = item.GetProperty("byzfl");
        var flower = item.GetProperty("flower");
        var n = item.GetProperty("n").GetInt32();
        var f = item.GetProperty("f").GetInt32();
        var updates = Admission.AdmitRows(GoldenSingles.Flatten(item.GetProperty("input")), item.GetProperty("d").GetInt32());

        Expect(byzfl, "Average", new Mean(), byzantineCount: 0);
        Expect(byzfl, "Median", new CoordinateWiseMedian());
        Expect(byzfl, "TrMean", new TrimmedMean());
        Expect(byzfl, "GeometricMedian_nu1e-9_T5000", new GeometricMedian(), GeometricMedianTolerance);
        Expect(byzfl, "Krum", new Krum(KrumVariant.ByzflCompat));
        Expect(byzfl, "MultiKrum", new MultiKrum(variant: KrumVariant.ByzflCompat));
        Expect(byzfl, "CenteredClipping_L1_tau1_m0", new CenteredClipping(radius: 1, stepCount: 1));
        Expect(byzfl, "CenteredClipping_L5_tau1_m0", new CenteredClipping(radius: 1, stepCount: 5));
        Expect(byzfl, "MDA", new MinimumDiameterAveraging());
        Expect(byzfl, "Meamed", new Meamed());
        Expect(flower, "aggregate_krum", new Krum(KrumVariant.FlowerCompat));
        Expect(flower, "aggregate_krum_keep_n_minus_f", new MultiKrum(n - f, KrumVariant.FlowerCompat));
        Expect(flower, "aggregate_median", new CoordinateWiseMedian());
        Expect(flower, "aggregate_trimmed_avg_f_over_n", new TrimmedMean());
        ExpectTransformed("NNM", new NearestNeighborMixing());
        ExpectTransformed("Clipping_c2", new NormClipping(2));
        ExpectTransformed("ARC", new AdaptiveNormClipping());

        // MoNNA trusts one update, here the first, and averages those nearest to it: what mixing makes of that update.
        AssertClose(byzfl.GetProperty("MoNNA_idx0"), new NearestNeighborMixing().Transform(updates, f)[0].ToArray(), Tolerance);
        var mixed = new NearestNeighborMixing().Transform(updates, f);
        AssertClose(byzfl.GetProperty("NNM+TrMean"), new TrimmedMean().Aggregate(mixed, f).Vector.ToArray(), Tolerance);

        var claimed = Enumerable.Range(0, n).Select(i => new Update($"{i:D2}", updates[i].ToArray(), i + 1));
        var weighted = new Round(new AdmissionPolicy { Length = updates.Length, MaximumWeight = n }, new Mean()).Aggregate(claimed, 0);
        AssertClose(flower.GetProperty("aggregate_weighted_i_plus_1"), weighted.Vector.ToArray(), Tolerance);

        void Expect(JsonElement peer, string name, IAggregationRule rule, double tolerance = Tolerance, int? byzantineCount = null)
        {
            var result = rule.Aggregate(updates, byzantineCount ?? f);
            Assert.True(result.IsConverged, name);
            AssertClose(peer.GetProperty(name), result.Vector.ToArray(), tolerance);
        }

        void ExpectTransformed(string name, IPreAggregation preAggregation)
        {
            var actual = preAggregation.Transform(updates, f);
            AssertClose(
                byzfl.GetProperty(name), [.. Enumerable.Range(0, actual.Count).SelectMany(i => actual[i].ToArray())], Tolerance);
        }
    }

    private static void AssertClose(JsonElement expected, float[] actual, double tolerance) =>
        GoldenSingles.AssertClose(GoldenSingles.Flatten(expected), actual, tolerance, tolerance);
}
