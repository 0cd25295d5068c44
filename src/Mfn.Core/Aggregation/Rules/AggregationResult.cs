using System.Collections.Immutable;
using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Rules;

/// <summary>An aggregate, and what the rule decided on the way to it.</summary>
public sealed record AggregationResult
{
    /// <summary>The rule's name, with the variant's if it has variants.</summary>
    public required string Rule { get; init; }

    /// <summary>n, the updates that the rule was given.</summary>
    public required int UpdateCount { get; init; }

    /// <summary>f, the Byzantine updates that it was told to withstand.</summary>
    public required int ByzantineCount { get; init; }

    /// <summary>The aggregate; always finite.</summary>
    public required ReadOnlyMemory<float> Vector { get; init; }

    /// <summary>A score per update, the smaller the better; empty if the rule does not score whole updates.</summary>
    public ImmutableArray<double> Scores { get; init; } = [];

    /// <summary>
    /// The indices of the updates that the aggregate is made of, best first if there are scores; all of them if the rule decides by
    /// component.
    /// </summary>
    public required ImmutableArray<int> Selected { get; init; }

    /// <summary>The updates that the aggregate is not made of, and why.</summary>
    public ImmutableArray<Exclusion> Excluded { get; init; } = [];

    /// <summary>What happened in the clusters, if the rule has any.</summary>
    public HierarchyDecision? Hierarchy { get; init; }

    /// <summary>The steps of an iterative rule; 0 otherwise.</summary>
    public int IterationCount { get; init; }

    /// <summary>Whether an iterative rule came as close as it promises; true for the others.</summary>
    public bool IsConverged { get; init; } = true;

    /// <summary>The exclusions of all updates that are not among the selected.</summary>
    internal static ImmutableArray<Exclusion> NotSelected(
        UpdateSet updates, IEnumerable<int> selected, Func<int, string> describe)
    {
        var chosen = selected.ToHashSet();
        return
        [
            .. Enumerable.Range(0, updates.Count).Where(index => !chosen.Contains(index))
                .Select(index => new Exclusion(updates.ClientIds[index], ExclusionReason.NotSelected, describe(index))),
        ];
    }

    /// <summary>The result of a rule that decides by component.</summary>
    internal static AggregationResult OfAll(string rule, UpdateSet updates, int byzantineCount, float[] vector) => new()
    {
        Rule = rule,
        UpdateCount = updates.Count,
        ByzantineCount = byzantineCount,
        Vector = vector,
        Selected = [.. Enumerable.Range(0, updates.Count)],
    };
}
