using System.Collections.Immutable;
using Mfn.Core.Aggregation.Rules;

namespace Mfn.Server.Aggregation;

/// <summary>What came out of a round.</summary>
/// <param name="Plan">How it was aggregated.</param>
/// <param name="ReceivedCount">How many updates came.</param>
/// <param name="AdmittedCount">n: how many of them count.</param>
/// <param name="Refused">Those that do not.</param>
/// <param name="IsBeyondSingle">Whether one of these is not finite only because single precision cannot hold what was sent.</param>
/// <param name="RuleClientIds">The clients whose updates the rule got, which may be buckets of several.</param>
/// <param name="Result">What the rule made of them.</param>
internal sealed record RoundOutcome(
    AggregationPlan Plan,
    int ReceivedCount,
    int AdmittedCount,
    ImmutableArray<Exclusion> Refused,
    Func<Exclusion, bool> IsBeyondSingle,
    ImmutableArray<string> RuleClientIds,
    AggregationResult Result);
