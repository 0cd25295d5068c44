using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;
using Mfn.Core.Randomness;

namespace Mfn.Core.Aggregation.PreAggregations;

/// <summary>
/// The updates, in random order, are put into buckets of s, and every bucket's mean becomes an update; the last bucket may be smaller. Up
/// to f buckets are then Byzantine, so that the rule must withstand f among ⌈n / s⌉. Any n and f will do here.
/// </summary>
/// <remarks>S. P. Karimireddy, L. He and M. Jaggi, "Byzantine-Robust Learning on Heterogeneous Datasets via Bucketing", 2022.</remarks>
public sealed class Bucketing : IPreAggregation
{
    private readonly int _bucketSize;
    private readonly ulong _seed;

    /// <summary>Buckets of so many updates, in the order that the seed gives.</summary>
    public Bucketing(int bucketSize = 2, ulong seed = 42)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bucketSize);
        _bucketSize = bucketSize;
        _seed = seed;
    }

    /// <summary>How many updates go into a bucket.</summary>
    public int BucketSize => _bucketSize;

    /// <inheritdoc/>
    public RulePrecondition Precondition { get; } = RulePrecondition.Linear("bucketing", 1, 1);

    /// <inheritdoc/>
    public UpdateSet Transform(
        UpdateSet updates, int byzantineCount, int threadCount = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(updates);
        Precondition.Require(updates.Count, byzantineCount);

        var order = new RandomGenerator(_seed).ChoiceWithoutReplacement(updates.Count, updates.Count);
        int[][] buckets = [.. order.Chunk(_bucketSize).Select(bucket => bucket.Order().ToArray())];
        return new UpdateSet(
            [.. buckets.Select(bucket => string.Join('+', bucket.Select(index => updates.ClientIds[index])))],
            [.. buckets.Select(bucket => WeightedMean.Of(updates.Take(bucket).WithEqualWeights(), cancellationToken).AsMemory())],
            [.. buckets.Select(_ => 1.0)],
            updates.Length);
    }
}
