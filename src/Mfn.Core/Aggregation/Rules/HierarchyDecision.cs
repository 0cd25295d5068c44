using System.Collections.Immutable;

namespace Mfn.Core.Aggregation.Rules;

/// <summary>What hierarchical Krum did with its clusters; those without members are left out.</summary>
/// <param name="Sampled">The updates that were looked at, in the order in which they were drawn or else in that of the set.</param>
/// <param name="Assignments">The cluster of each of them.</param>
/// <param name="ClusterSizes">The members of each cluster that has any.</param>
/// <param name="Representatives">The update that each of these clusters chose.</param>
/// <param name="SelectedCluster">Which of the representatives was chosen among them.</param>
public sealed record HierarchyDecision(
    ImmutableArray<int> Sampled,
    ImmutableArray<int> Assignments,
    ImmutableArray<int> ClusterSizes,
    ImmutableArray<int> Representatives,
    int SelectedCluster);
