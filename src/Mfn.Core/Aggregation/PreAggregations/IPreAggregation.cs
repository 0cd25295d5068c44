using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.PreAggregations;

/// <summary>What is done to the updates of a round before a rule aggregates them. Immutable and thread-safe.</summary>
public interface IPreAggregation
{
    /// <summary>How many updates it needs.</summary>
    RulePrecondition Precondition { get; }

    /// <summary>The updates that the rule gets instead; never more.</summary>
    /// <exception cref="PreconditionException">n is too small for f.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    UpdateSet Transform(
        UpdateSet updates, int byzantineCount, int threadCount = 1, CancellationToken cancellationToken = default);
}
