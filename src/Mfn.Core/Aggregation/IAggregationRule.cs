namespace Mfn.Core.Aggregation;

/// <summary>A way to make one vector out of the updates of a round, of which up to f may be Byzantine. Immutable and thread-safe.</summary>
public interface IAggregationRule
{
    /// <summary>How many updates the rule needs.</summary>
    RulePrecondition Precondition { get; }

    /// <summary>Aggregates.</summary>
    /// <param name="updates">n updates.</param>
    /// <param name="byzantineCount">f: how many of the updates may be arbitrary.</param>
    /// <param name="threadCount">How many threads may work; the result does not depend on it.</param>
    /// <exception cref="PreconditionException">n is too small for f.</exception>
    AggregationResult Aggregate(UpdateSet updates, int byzantineCount, int threadCount = 1);
}
