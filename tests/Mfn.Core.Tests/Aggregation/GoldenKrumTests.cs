using System.Text.Json;
using Mfn.Core.Aggregation;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;
using Mfn.Core.Randomness;
using Mfn.Core.Tests.Networks;

namespace Mfn.Core.Tests.Aggregation;

/// <summary>The reference's Krum against "mfn-4.1-compat". Where an update is not finite we differ on purpose, and say so.</summary>
public sealed class GoldenKrumTests
{
    private const string KrumCases = "krum.json";
    private const string HierarchyCases = "krum_hier.json";

    // The reference's float scores cannot tell these apart.
    private const double SmallestGap = 1e-5;

    public static TheoryData<string> KrumIds => GoldenFile.Ids(KrumCases);

    public static TheoryData<string> HierarchyIds => GoldenFile.Ids(HierarchyCases);

    [Theory, MemberData(nameof(KrumIds))]
    public void Krum_ReferenceCase_SelectsTheSame(string id)
    {
        var (inputs, outputs) = GoldenFile.Case(KrumCases, id);
        var rows = Rows(inputs);
        if (rows.AsSpan().ContainsAnyExceptInRange(float.MinValue, float.MaxValue))
        {
            AssertNonFiniteIsRefused(inputs, rows);
            return;
        }

        var updates = Admission.AdmitRows(rows, inputs.GetProperty("d").GetInt32());
        var result = new Krum(KrumVariant.MfnV41Compat).Aggregate(updates, inputs.GetProperty("num_byzantine").GetInt32());

        Assert.Equal(outputs.GetProperty("argmin_float64").GetInt32(), result.Selected.Single());
        Assert.Equal(updates[result.Selected[0]], result.Vector.Span);
        foreach (var (expected, actual) in GoldenFile.Doubles(outputs.GetProperty("scores_float64_exact")).Zip(result.Scores))
        {
            Assert.Equal(expected, actual, 1e-10 * expected);
        }

        if (inputs.GetProperty("attack").GetString() == "huge")
        {
            // Squares that overflow a float made the original choose the attacker; in double they do not overflow.
            Assert.DoesNotContain(result.Selected[0], Indices(inputs, "byzantine_indices"));
            return;
        }

        var gap = outputs.GetProperty("relative_gap_best_two");
        if (gap.ValueKind != JsonValueKind.Null && gap.GetDouble() is 0 or >= SmallestGap)
        {
            Assert.Equal(outputs.GetProperty("selected_index").GetInt32(), result.Selected[0]);
        }
    }

    [Theory, MemberData(nameof(HierarchyIds))]
    public void HierarchicalKrum_ReferenceCase_HasTheSameBits(string id)
    {
        var (inputs, outputs) = GoldenFile.Case(HierarchyCases, id);
        var rows = Rows(inputs);
        var length = inputs.GetProperty("d").GetInt32();
        var rule = new HierarchicalKrum(new HierarchicalKrumSpec
        {
            Variant = KrumVariant.MfnV41Compat,
            ClusterCount = inputs.GetProperty("num_clusters").GetInt32(),
            Seed = inputs.GetProperty("rng_seed").GetUInt64(),
            ByzantineFraction = inputs.GetProperty("byzantine_fraction").GetDouble(),
            SampleFraction = inputs.GetProperty("sample_fraction").GetDouble(),
        });
        if (rows.AsSpan().ContainsAnyExceptInRange(float.MinValue, float.MaxValue))
        {
            // The original's result is NaN, or has passed through a cluster with an infinity; n is smaller here, and so are the draws.
            var result = new Round(new AdmissionPolicy { Length = length }, rule).Aggregate(Updates(rows, length), 0);
            AssertFinite(result);
            Assert.Equal(
                Indices(inputs, "byzantine_indices"),
                result.Excluded.Where(exclusion => exclusion.Reason == ExclusionReason.NotFinite).Select(exclusion => Index(exclusion.ClientId)));
            return;
        }

        var actual = rule.Aggregate(Admission.AdmitRows(rows, length), 0);
        var hierarchy = actual.Hierarchy!;

        AssertIndices(outputs.GetProperty("assignments"), [.. hierarchy.Assignments]);
        if (outputs.GetProperty("sampled_ids").ValueKind != JsonValueKind.Null)
        {
            AssertIndices(outputs.GetProperty("sampled_ids"), [.. hierarchy.Sampled]);
        }

        Assert.Equal(Indices(outputs, "cluster_sizes"), hierarchy.ClusterSizes);
        Assert.Equal(Indices(outputs, "cluster_selected_client"), hierarchy.Representatives);
        Assert.Equal(outputs.GetProperty("global_selected_cluster_position").GetInt32(), hierarchy.SelectedCluster);
        Assert.Equal(GoldenSingles.Flatten(outputs.GetProperty("result")), actual.Vector.ToArray());
    }

    [Theory]
    [InlineData(0, 0.2, 0.1)]
    [InlineData(10, 0.5, 0.1)]
    [InlineData(10, -0.1, 0.1)]
    [InlineData(10, 0.2, 0.0)]
    [InlineData(10, 0.2, 1.1)]
    public void HierarchicalKrum_WhatTheReferenceRefuses_IsRefused(int clusterCount, double byzantineFraction, double sampleFraction) =>
        Assert.Throws<ArgumentException>(() => new HierarchicalKrum(new HierarchicalKrumSpec
        {
            Variant = KrumVariant.MfnV41Compat,
            ClusterCount = clusterCount,
            ByzantineFraction = byzantineFraction,
            SampleFraction = sampleFraction,
        }));

    // The reference fails with an IndexError here.
    [Fact]
    public void HierarchicalKrum_SampleOfLessThanOne_IsOne()
    {
        var spec = new HierarchicalKrumSpec { Variant = KrumVariant.MfnV41Compat, SampleFraction = 0.0005 };

        var result = new HierarchicalKrum(spec).Aggregate(Admission.AdmitRows(new float[1001], 1), 0);

        Assert.Single(result.Hierarchy!.Sampled);
        Assert.Equal(1000, result.Excluded.Count(exclusion => exclusion.Reason == ExclusionReason.NotSampled));
    }

    private static void AssertNonFiniteIsRefused(JsonElement inputs, float[] rows)
    {
        var length = inputs.GetProperty("d").GetInt32();
        var byzantine = Indices(inputs, "byzantine_indices");

        var result = new Round(new AdmissionPolicy { Length = length }, new Krum(KrumVariant.MfnV41Compat))
            .Aggregate(Updates(rows, length), inputs.GetProperty("num_byzantine").GetInt32());

        AssertFinite(result);
        Assert.Equal(inputs.GetProperty("n").GetInt32() - byzantine.Length, result.UpdateCount);
        Assert.Equal(
            byzantine,
            result.Excluded.Where(exclusion => exclusion.Reason == ExclusionReason.NotFinite).Select(exclusion => Index(exclusion.ClientId)));
    }

    private static void AssertFinite(AggregationResult result) =>
        Assert.False(result.Vector.Span.ContainsAnyExceptInRange(float.MinValue, float.MaxValue));

    private static IEnumerable<Update> Updates(float[] rows, int length) =>
        rows.Chunk(length).Select((row, index) => new Update($"{index:D5}", row));

    private static int Index(string clientId) => int.Parse(clientId, System.Globalization.CultureInfo.InvariantCulture);

    private static float[] Rows(JsonElement inputs)
    {
        if (inputs.TryGetProperty("gradients", out var stored))
        {
            return GoldenSingles.Stored(stored);
        }

        // The one case that is a recipe: a base, 0.2 times noise around it, and the Byzantine ones -5 times the mean.
        var n = inputs.GetProperty("n").GetInt32();
        var d = inputs.GetProperty("d").GetInt32();
        var random = new RandomGenerator(inputs.GetProperty("recipe").GetProperty("seed").GetInt64());
        double[] center = [.. Enumerable.Range(0, d).Select(_ => random.StandardNormal())];
        float[] rows = [.. Enumerable.Range(0, n * d).Select(i => (float)(center[i % d] + (0.2 * random.StandardNormal())))];
        var attack = new float[d];
        for (var i = 0; i < d; i++)
        {
            var sum = 0f;
            for (var row = 0; row < n; row++)
            {
                sum += rows[(row * d) + i];
            }

            attack[i] = -5 * (sum / n);
        }

        foreach (var row in Indices(inputs, "byzantine_indices"))
        {
            attack.CopyTo(rows, row * d);
        }

        Assert.Equal(inputs.GetProperty("gradients_sha256").GetString(), GoldenFile.Hash<float>(rows));
        return rows;
    }

    private static int[] Indices(JsonElement item, string name) => [.. item.GetProperty(name).EnumerateArray().Select(i => i.GetInt32())];

    private static void AssertIndices(JsonElement expected, long[] actual)
    {
        if (expected.ValueKind == JsonValueKind.String)
        {
            Assert.Equal(expected.GetString(), GoldenFile.Hash<long>(actual));
        }
        else
        {
            Assert.Equal(expected.EnumerateArray().Select(i => i.GetInt64()), actual);
        }
    }
}
