using System.Collections.Immutable;
using Mfn.Core.Aggregation.Distances;
using Mfn.Core.Aggregation.Updates;
using Mfn.Core.Randomness;
using Mfn.Core.Specs;

namespace Mfn.Core.Aggregation.Rules;

/// <summary>
/// Krum in two levels: clusters choose a representative each, and Krum chooses among these. Distances are needed only within clusters,
/// so n may be large. Ties go to the first in the order of the set.
/// </summary>
/// <remarks>
/// With <see cref="KrumVariant.Blanchard2017"/> clients are dealt into C clusters whose sizes differ by at most one. A cluster of s
/// withstands t = ⌊(s - 3) / 2⌋ and takes f + 1 = t + 1 Byzantine members to be lost, so at most b = ⌊f / (t + 1)⌋ representatives are
/// Byzantine, and the upper level needs C >= 2b + 3. The result is the representative chosen.
/// With <see cref="KrumVariant.MfnV41Compat"/> it is the reference's: of more than 1000 clients a sample, clusters drawn independently,
/// f = max(1, ⌊size · fraction⌋) in both levels, and 0.7 times the representative chosen plus 0.3 times the lower coordinate-wise median
/// of all of them. Small clusters pass Byzantine updates on; nothing is guaranteed.
/// Krum is from P. Blanchard et al., "Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent", 2017.
/// </remarks>
public sealed class HierarchicalKrum : IAggregationRule
{
    private const int LargestUnsampledCount = 1000;
    private const float RepresentativeShare = 0.7f;
    private const float MedianShare = 0.3f;

    private readonly HierarchicalKrumSpec _spec;
    private readonly bool _isCompatible;

    /// <summary>A rule as the spec says.</summary>
    /// <exception cref="ArgumentException">The spec has problems; the message lists them all.</exception>
    public HierarchicalKrum(HierarchicalKrumSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        spec.FindProblems().ThrowIfAny(nameof(spec));
        _spec = spec;
        _isCompatible = spec.Variant == KrumVariant.MfnV41Compat;

        // No cluster is larger than the sample, nor are there more.
        Precondition = _isCompatible
            ? RulePrecondition.Linear(
                $"hierarchical-krum ({spec.Variant.Name()})", 1, 1, AtMost(PairwiseDistances.LargestCount / spec.SampleFraction))
            : new RulePrecondition(
                $"hierarchical-krum ({spec.Variant.Name()})",
                $"C >= 2b + 3 with C = {spec.ClusterCount}, b = f div (t + 1), t = (n div C - 3) div 2 and n >= 3C",
                n => LargestByzantineCount(n, spec.ClusterCount),
                AtMost((double)PairwiseDistances.LargestCount * spec.ClusterCount));
    }

    /// <summary>What it was made of.</summary>
    public HierarchicalKrumSpec Spec => _spec;

    /// <inheritdoc/>
    public RulePrecondition Precondition { get; }

    /// <inheritdoc/>
    public AggregationResult Aggregate(
        UpdateSet updates, int byzantineCount, int threadCount = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(updates);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threadCount);
        Precondition.Require(updates.Count, byzantineCount);

        var random = new RandomGenerator(_spec.Seed);
        var sampled = Sample(updates.Count, random);
        var assignments = _isCompatible ? Draw(sampled.Length, random) : Deal(sampled.Length, random);
        var clusters = sampled.Zip(assignments).GroupBy(pair => pair.Second, pair => pair.First).OrderBy(cluster => cluster.Key)
            .Select(cluster => cluster.ToArray()).ToArray();
        var largestCount = clusters.Max(cluster => cluster.Length);
        PairwiseDistances.RequireCount(largestCount);
        var representatives = new int[clusters.Length];
        var span = AggregationSpans.StartDistances();
        Parallel.For(
            0,
            clusters.Length,
            new ParallelOptions { MaxDegreeOfParallelism = threadCount, CancellationToken = cancellationToken },
            () => new DistanceWorkspace(largestCount, updates.Length),
            (i, _, workspace) =>
            {
                var members = updates.Take(clusters[i]);
                representatives[i] = clusters[i][Choose(PairwiseDistances.BetweenFew(members, workspace, cancellationToken))];
                return workspace;
            },
            _ => { });
        span?.Dispose();
        var candidates = updates.Take(representatives);
        var chosen = Choose(PairwiseDistances.Between(candidates, threadCount, cancellationToken));

        return new AggregationResult
        {
            Rule = Precondition.Rule,
            UpdateCount = updates.Count,
            ByzantineCount = byzantineCount,
            Vector = _isCompatible ? Blend(candidates, chosen, threadCount, cancellationToken) : candidates[chosen].ToArray(),
            Selected = _isCompatible ? [.. representatives] : [representatives[chosen]],
            Excluded = Exclude(updates, sampled, _isCompatible ? representatives : [representatives[chosen]]),
            Hierarchy = new HierarchyDecision(
                [.. sampled], [.. assignments], [.. clusters.Select(cluster => cluster.Length)], [.. representatives], chosen),
        };

        int Choose(PairwiseDistances distances)
        {
            var count = distances.Count;
            var tolerated = !_isCompatible ? (count - 3) / 2
                : Math.Max(1, (int)(count * (_spec.ByzantineFraction ?? (double)byzantineCount / updates.Count)));
            var scores = KrumScores.Of(distances, _spec.Variant.NeighborCount(count, tolerated), _spec.Variant.SquaresDistances(), cancellationToken);
            return KrumScores.Smallest(scores, 1)[0];
        }
    }

    private static int AtMost(double limit) => (int)Math.Min(int.MaxValue, limit);

    /// <summary>The largest f for which fewer clusters are lost than the upper level withstands.</summary>
    private static int LargestByzantineCount(int updateCount, int clusterCount)
    {
        var size = updateCount / clusterCount;
        if (size < 3 || clusterCount < 3 || clusterCount > PairwiseDistances.LargestCount)
        {
            return -1;
        }

        // f div (t + 1) <= (C - 3) div 2
        var perCluster = ((size - 3) / 2) + 1;
        return (int)Math.Min(int.MaxValue, ((((clusterCount - 3) / 2) + 1L) * perCluster) - 1);
    }

    private int[] Sample(int count, RandomGenerator random) => _isCompatible && count > LargestUnsampledCount
        ? random.ChoiceWithoutReplacement(count, Math.Max(1, (int)(count * _spec.SampleFraction)))
        : [.. Enumerable.Range(0, count)];

    /// <summary>A cluster per client, independently.</summary>
    private int[] Draw(int count, RandomGenerator random)
    {
        var clusterCount = Math.Min(_spec.ClusterCount, count);
        var assignments = new int[count];
        for (var i = 0; clusterCount > 1 && i < count; i++)
        {
            assignments[i] = (int)random.NextInt64(0, clusterCount);
        }

        return assignments;
    }

    /// <summary>A cluster per client, all as large as possible.</summary>
    private int[] Deal(int count, RandomGenerator random)
    {
        var order = random.ChoiceWithoutReplacement(count, count);
        var assignments = new int[count];
        for (var i = 0; i < count; i++)
        {
            assignments[order[i]] = i % _spec.ClusterCount;
        }

        return assignments;
    }

    /// <summary>Two products and their sum, each rounded to float as in the reference.</summary>
    private static float[] Blend(UpdateSet candidates, int chosen, int threadCount, CancellationToken cancellationToken)
    {
        var vector = CoordinateWise.Median(candidates, takesLower: true, threadCount, cancellationToken);
        var representative = candidates[chosen];
        for (var i = 0; i < vector.Length; i++)
        {
            var share = RepresentativeShare * representative[i];
            vector[i] = share + (MedianShare * vector[i]);
        }

        return vector;
    }

    private static ImmutableArray<Exclusion> Exclude(UpdateSet updates, int[] sampled, int[] selected)
    {
        var isSampled = new bool[updates.Count];
        Array.ForEach(sampled, index => isSampled[index] = true);
        var isSelected = new bool[updates.Count];
        Array.ForEach(selected, index => isSelected[index] = true);
        return
        [
            .. Enumerable.Range(0, updates.Count).Where(index => !isSelected[index]).Select(index => isSampled[index]
                ? new Exclusion(updates.ClientIds[index], ExclusionReason.NotSelected, "lost to another update in its cluster or above")
                : new Exclusion(updates.ClientIds[index], ExclusionReason.NotSampled, "was not drawn into the sample")),
        ];
    }
}
