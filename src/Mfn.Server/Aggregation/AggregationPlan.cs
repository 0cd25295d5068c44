using System.Collections.Immutable;
using Mfn.Core.Aggregation;
using Mfn.Server.Pricing;

namespace Mfn.Server.Aggregation;

/// <summary>How a caller wants a round to be aggregated; valid.</summary>
internal sealed record AggregationPlan
{
    // Bookkeeping: an entry, a client id and a decision on each update; the vectors of doubles that iterative rules work on.
    private const double BytesPerUpdate = 512;
    private const double BytesPerComponent = 64;

    public required PlannedRule Rule { get; init; }

    /// <summary>What happens to the updates before, in this order.</summary>
    public required ImmutableArray<PlannedPreAggregation> PreAggregations { get; init; }

    public required AdmissionPolicy Policy { get; init; }

    /// <summary>f.</summary>
    public required int ByzantineCount { get; init; }

    /// <summary>How many bytes a component takes on the wire: 4 or 8.</summary>
    public required int ComponentSize { get; init; }

    /// <summary>What n updates take, with all that is needed to aggregate them; never less than that.</summary>
    public long BytesFor(int updateCount) => (long)(((double)updateCount * Policy.Length * sizeof(float)) + WorkingBytes(updateCount));

    /// <summary>The same without the updates themselves.</summary>
    public long WorkingBytesFor(int updateCount) => (long)WorkingBytes(updateCount);

    /// <summary>What n updates cost.</summary>
    /// <param name="updateCount">n.</param>
    /// <param name="threadCount">How many threads work on them, which changes the time but not the price.</param>
    public Price PriceOf(int updateCount, int threadCount) => PriceList.Aggregation(
        Rule.Rule, PreAggregations.Select(each => each.PreAggregation), updateCount, Policy.Length, ByzantineCount, threadCount);

    // In doubles, which do not overflow.
    private double WorkingBytes(int updateCount)
    {
        // Of the updates and what pre-aggregations make of them, two generations are alive at a time.
        var length = (double)Policy.Length;
        var generations = Math.Min(2, PreAggregations.Length);
        var working = Math.Max(
            Rule.WorkingBytes(updateCount), PreAggregations.Select(each => each.WorkingBytes(updateCount)).DefaultIfEmpty().Max());
        return (updateCount * ((generations * length * sizeof(float)) + BytesPerUpdate)) + (length * BytesPerComponent) + working;
    }
}
