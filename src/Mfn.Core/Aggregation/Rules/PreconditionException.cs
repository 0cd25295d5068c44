namespace Mfn.Core.Aggregation.Rules;

/// <summary>The updates that count are too few for the rule to withstand so many Byzantine ones, or too many for it.</summary>
public sealed class PreconditionException : InvalidOperationException
{
    public PreconditionException(RulePrecondition precondition, int updateCount, int byzantineCount)
        : base(Describe(precondition, updateCount, byzantineCount))
    {
        Rule = precondition.Rule;
        UpdateCount = updateCount;
        ByzantineCount = byzantineCount;
        LargestByzantineCount = precondition.LargestByzantineCount(updateCount);
    }

    /// <summary>The rule's name.</summary>
    public string Rule { get; }

    /// <summary>n, the updates that count.</summary>
    public int UpdateCount { get; }

    /// <summary>f, as asked for.</summary>
    public int ByzantineCount { get; }

    /// <summary>The largest f that would have been legal, or null if none would.</summary>
    public int? LargestByzantineCount { get; }

    private static string Describe(RulePrecondition precondition, int updateCount, int byzantineCount)
    {
        ArgumentNullException.ThrowIfNull(precondition);
        if (updateCount > precondition.LargestUpdateCount)
        {
            return $"{precondition.Rule} takes at most {precondition.LargestUpdateCount} updates, as it needs the distances between all "
                + $"of them, but n = {updateCount} and f = {byzantineCount}.";
        }

        var largest = precondition.LargestByzantineCount(updateCount) is { } f ? $"the largest legal f is {f}" : "no f is legal";
        return $"{precondition.Rule} needs {precondition.Inequality}, but n = {updateCount} and f = {byzantineCount}; {largest}.";
    }
}
