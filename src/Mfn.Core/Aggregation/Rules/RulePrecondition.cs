using Mfn.Core.Aggregation.Distances;

namespace Mfn.Core.Aggregation.Rules;

/// <summary>The n and f for which a rule keeps its promise; f is never negative and n is at least 1.</summary>
/// <remarks>The legal f for an n are those from 0 to the largest.</remarks>
public sealed class RulePrecondition
{
    private readonly Func<int, int> _largest;

    internal RulePrecondition(string rule, string inequality, Func<int, int> largest, int largestUpdateCount = int.MaxValue)
    {
        Rule = rule;
        Inequality = inequality;
        LargestUpdateCount = largestUpdateCount;
        _largest = largest;
    }

    /// <summary>The rule's name, such as "bulyan".</summary>
    public string Rule { get; }

    /// <summary>The condition, such as "n >= 4f + 3".</summary>
    public string Inequality { get; }

    /// <summary>The largest n that the rule can work on; int.MaxValue if there is no limit.</summary>
    public int LargestUpdateCount { get; }

    /// <summary>The largest f that is legal among n updates, or null if there are too few for any, or too many.</summary>
    public int? LargestByzantineCount(int updateCount) =>
        updateCount >= 1 && updateCount <= LargestUpdateCount && _largest(updateCount) is var largest and >= 0 ? largest : null;

    /// <summary>Whether the rule may be used.</summary>
    public bool Allows(int updateCount, int byzantineCount) => byzantineCount >= 0 && byzantineCount <= LargestByzantineCount(updateCount);

    /// <exception cref="ArgumentOutOfRangeException">f is negative.</exception>
    /// <exception cref="PreconditionException">n is too small for f, or too large.</exception>
    public void Require(int updateCount, int byzantineCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byzantineCount);
        if (!Allows(updateCount, byzantineCount))
        {
            throw new PreconditionException(this, updateCount, byzantineCount);
        }
    }

    /// <summary>n >= factor · f + offset.</summary>
    internal static RulePrecondition Linear(string rule, int factor, int offset, int largestUpdateCount = int.MaxValue) => new(
        rule,
        $"n >= {(factor == 1 ? "" : factor)}f + {offset}",
        n => n < offset ? -1 : (n - offset) / factor,
        largestUpdateCount);

    /// <summary>The same for a rule that needs the distances between all updates.</summary>
    internal static RulePrecondition LinearWithDistances(string rule, int factor, int offset) =>
        Linear(rule, factor, offset, PairwiseDistances.LargestCount);
}
