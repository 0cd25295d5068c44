using System.Collections.Immutable;
using Mfn.Core.Aggregation.PreAggregations;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation;

/// <summary>Aggregates what clients sent: admission, then the pre-aggregations in their order, then the rule.</summary>
/// <param name="policy">What updates must be like.</param>
/// <param name="rule">How to make one vector out of them.</param>
/// <param name="preAggregations">What happens to them before.</param>
public sealed class Round(AdmissionPolicy policy, IAggregationRule rule, params ImmutableArray<IPreAggregation> preAggregations)
{
    /// <summary>
    /// Aggregates, the same way whatever the order of the updates. What admission refuses is listed and is no part of n; indices and n in
    /// the result are those of what the rule got.
    /// </summary>
    /// <exception cref="ArgumentException">The policy has problems; the message lists them all.</exception>
    /// <exception cref="PreconditionException">What is left is too little for the rule to withstand f.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public AggregationResult Aggregate(
        IEnumerable<Update> updates, int byzantineCount, int threadCount = 1, CancellationToken cancellationToken = default)
    {
        var (set, refused) = Admission.Admit(updates, policy, cancellationToken);
        foreach (var preAggregation in preAggregations)
        {
            set = preAggregation.Transform(set, byzantineCount, threadCount, cancellationToken);
        }

        var result = rule.Aggregate(set, byzantineCount, threadCount, cancellationToken);
        return result with { Excluded = [.. refused, .. result.Excluded] };
    }
}
