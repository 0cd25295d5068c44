using System.Collections.Immutable;
using Mfn.Core.Aggregation;
using Mfn.Core.Specs;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Aggregation;

/// <summary>Aggregates what a call has brought: admission, then the pre-aggregations, then the rule.</summary>
internal sealed class RoundAggregator(IOptions<LimitsOptions> limits)
{
    // Enough to see what went wrong, and few enough for a status message.
    private const int MostRefusalsTold = 5;

    /// <exception cref="CallRefusedException">What admission left is too little for the rule.</exception>
    public RoundOutcome Aggregate(AggregationPlan plan, UpdateCollector collector, CancellationToken cancellationToken)
    {
        var updates = collector.Updates.SelectMany(update => Enumerable.Repeat(
            new Update(update.ClientId, new DeclaredVector(update).Memory, update.ClaimedWeight), update.SentCount));
        var (admitted, refused) = Admission.Admit(updates, plan.Policy, cancellationToken);
        var beyondSingle = collector.Updates.Where(update => update.BeyondSingle is not null).ToLookup(update => update.ClientId, update => update.BeyondSingle!.Value);
        refused = [.. refused.Select(refusal => IsBeyondSingle(refusal) ? Explain(refusal, beyondSingle[refusal.ClientId].First()) : refusal)];
        try
        {
            var set = admitted;
            foreach (var (preAggregation, _) in plan.PreAggregations)
            {
                set = preAggregation.Transform(set, plan.ByzantineCount, limits.Value.AggregationThreads, cancellationToken);
            }

            var result = plan.Rule.Rule.Aggregate(set, plan.ByzantineCount, limits.Value.AggregationThreads, cancellationToken);
            return new RoundOutcome(plan, collector.ReceivedCount, admitted.Count, refused, IsBeyondSingle, set.ClientIds, result);
        }
        catch (PreconditionException error)
        {
            throw CallRefusedException.TooFewUpdates(error.Message + Tell(refused, collector.ReceivedCount), error);
        }

        bool IsBeyondSingle(Exclusion refusal) => refusal.Reason == ExclusionReason.NotFinite && beyondSingle.Contains(refusal.ClientId);
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

        var told = string.Join("; ", refused.Take(MostRefusalsTold).Select(refusal => $"'{refusal.ClientId}' {refusal.Description}"));
        var rest = refused.Length > MostRefusalsTold ? $"; and {refused.Length - MostRefusalsTold} more" : "";
        return $" Admission refused {refused.Length} of {receivedCount} updates: {told}{rest}.";
    }
}
