using System.Collections.Immutable;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Specs;
using Mfn.Server.Calls;
using Mfn.Server.Observability;
using Mfn.Server.Texts;

namespace Mfn.Server.Aggregation;

/// <summary>Aggregates a round: admission, then the pre-aggregations, then the rule.</summary>
internal static class RoundAggregator
{
    // Enough to see what went wrong, and few enough for a status message.
    private const int MostRefusalsTold = 5;

    /// <exception cref="CallRefusedException">What admission left is too little for the rule.</exception>
    public static RoundOutcome Aggregate(AggregationPlan plan, IRoundUpdates updates, int threadCount, CancellationToken cancellationToken)
    {
        var (admitted, refused) = Spans.Within(Spans.Admission, () => updates.Admit(plan.Policy, cancellationToken));
        var beyondSingle = refused.Where(refusal => refusal.Reason == ExclusionReason.NotFinite)
            .Select(refusal => (refusal.ClientId, Component: updates.BeyondSingle(refusal.ClientId)))
            .Where(found => found.Component is not null)
            .ToDictionary(found => found.ClientId, found => found.Component!.Value);
        refused = [.. refused.Select(refusal => beyondSingle.TryGetValue(refusal.ClientId, out var component) ? Explain(refusal, component) : refusal)];
        try
        {
            var set = admitted;
            foreach (var (preAggregation, _) in plan.PreAggregations)
            {
                set = preAggregation.Transform(set, plan.ByzantineCount, threadCount, cancellationToken);
            }

            using var span = Spans.Start(Spans.Rule);
            span?.SetTag(Spans.RuleName, plan.Rule.Name);
            var result = plan.Rule.Rule.Aggregate(set, plan.ByzantineCount, threadCount, cancellationToken);
            return new RoundOutcome(
                plan, updates.ReceivedCount, admitted.Count, refused, exclusion => beyondSingle.ContainsKey(exclusion.ClientId), set.ClientIds, result);
        }
        catch (PreconditionException error)
        {
            throw CallRefusedException.TooFewUpdates(error.Message + Tell(refused, updates.ReceivedCount), error);
        }
    }

    private static Exclusion Explain(Exclusion refusal, (int Index, double Value) beyondSingle) => refusal with
    {
        Description = $"has a component {beyondSingle.Index} of {ParameterRange.Format(beyondSingle.Value)}, which is beyond single precision",
    };

    private static string Tell(ImmutableArray<Exclusion> refused, int receivedCount)
    {
        if (refused.IsEmpty)
        {
            return "";
        }

        var told = string.Join("; ", refused.Take(MostRefusalsTold).Select(refusal => $"{CallersText.Quote(refusal.ClientId)} {refusal.Description}"));
        var rest = refused.Length > MostRefusalsTold ? $"; and {refused.Length - MostRefusalsTold} more" : "";
        return $" Admission refused {refused.Length} of {receivedCount} updates: {told}{rest}.";
    }
}
