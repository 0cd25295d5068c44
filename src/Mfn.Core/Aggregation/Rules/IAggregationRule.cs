using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Rules;

/// <summary>A way to make one vector out of the updates of a round, of which up to f may be Byzantine. Immutable and thread-safe.</summary>
public interface IAggregationRule
{
    /// <summary>How many updates the rule needs.</summary>
    RulePrecondition Precondition { get; }

    /// <summary>Aggregates.</summary>
    /// <param name="updates">n updates.</param>
    /// <param name="byzantineCount">f: how many of the updates may be arbitrary.</param>
    /// <param name="threadCount">How many threads may work; the result does not depend on it.</param>
    /// <param name="cancellationToken">Looked at between blocks, steps and branches of a search.</param>
    /// <exception cref="PreconditionException">n is too small for f.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    AggregationResult Aggregate(
        UpdateSet updates, int byzantineCount, int threadCount = 1, CancellationToken cancellationToken = default);
}
