using System.Collections.Immutable;
using Mfn.Core.Aggregation.PreAggregations;
using Mfn.Core.Aggregation.Rules;

namespace Mfn.Core.Aggregation;

/// <summary>The preconditions of all rules, as a table to print. Each is the one that its rule refuses by.</summary>
public static class AggregationPreconditions
{
    /// <summary>A line per rule and variant; hierarchical Krum is listed with its default number of clusters.</summary>
    public static ImmutableArray<RulePrecondition> All { get; } =
    [
        new Mean().Precondition,
        .. Enum.GetValues<KrumVariant>().Select(variant => new Krum(variant).Precondition),
        .. Enum.GetValues<KrumVariant>().Select(variant => new MultiKrum(variant: variant).Precondition),
        new HierarchicalKrum(new HierarchicalKrumSpec()).Precondition,
        new HierarchicalKrum(new HierarchicalKrumSpec { Variant = KrumVariant.MfnV41Compat }).Precondition,
        new Bulyan().Precondition,
        new CoordinateWiseMedian().Precondition,
        new TrimmedMean().Precondition,
        new Meamed().Precondition,
        new GeometricMedian().Precondition,
        new CenteredClipping().Precondition,
        new MinimumDiameterAveraging().Precondition,
        new NearestNeighborMixing().Precondition,
        new NormClipping(1).Precondition,
        new AdaptiveNormClipping().Precondition,
        new Bucketing().Precondition,
    ];
}
