using Mfn.Core.Aggregation;
using Mfn.Core.Aggregation.PreAggregations;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Tests.Aggregation;

/// <summary>All rules, for tests of what holds for each.</summary>
internal static class AnyRule
{
    public static readonly IReadOnlyDictionary<string, IAggregationRule> All = new Dictionary<string, IAggregationRule>
    {
        ["mean"] = new Mean(),
        ["krum blanchard2017"] = new Krum(),
        ["krum flower-compat"] = new Krum(KrumVariant.FlowerCompat),
        ["krum byzfl-compat"] = new Krum(KrumVariant.ByzflCompat),
        ["krum mfn-4.1-compat"] = new Krum(KrumVariant.MfnV41Compat),
        ["multi-krum blanchard2017"] = new MultiKrum(),
        ["multi-krum byzfl-compat"] = new MultiKrum(variant: KrumVariant.ByzflCompat),
        ["multi-krum keeping 2"] = new MultiKrum(2),
        ["hierarchical-krum"] = new HierarchicalKrum(new HierarchicalKrumSpec { ClusterCount = 3 }),
        ["hierarchical-krum mfn-4.1-compat"] = new HierarchicalKrum(new HierarchicalKrumSpec { Variant = KrumVariant.MfnV41Compat }),
        ["bulyan"] = new Bulyan(),
        ["median"] = new CoordinateWiseMedian(),
        ["trimmed-mean"] = new TrimmedMean(),
        ["meamed"] = new Meamed(),
        ["geometric-median"] = new GeometricMedian(),
        ["centered-clipping"] = new CenteredClipping(radius: 1, stepCount: 3),
        ["mda"] = new MinimumDiameterAveraging(),
    };

    public static readonly IReadOnlyDictionary<string, IPreAggregation> PreAggregations = new Dictionary<string, IPreAggregation>
    {
        ["nnm"] = new NearestNeighborMixing(),
        ["clip"] = new NormClipping(2),
        ["adaptive-clip"] = new AdaptiveNormClipping(),
        ["bucketing"] = new Bucketing(),
    };

    public static TheoryData<string> Names => [.. All.Keys];

    /// <summary>Updates named after their place, so that the order of the set is theirs.</summary>
    public static IEnumerable<Update> Updates(IEnumerable<float[]> vectors) =>
        vectors.Select((vector, index) => new Update($"{index:D4}", vector));

    public static UpdateSet SetOf(params float[][] vectors) => Admission.AdmitRows(vectors.SelectMany(vector => vector).ToArray(), vectors[0].Length);

    public static float[][] Rows(UpdateSet updates) => [.. Enumerable.Range(0, updates.Count).Select(i => updates[i].ToArray())];
}
