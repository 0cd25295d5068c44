using Mfn.Contracts.V1;

namespace Mfn.Client;

/// <summary>What came out of a round.</summary>
/// <param name="Decision">What the rule decided, and which updates do not count.</param>
/// <param name="Vector">The aggregate; always finite.</param>
public sealed record RoundResult(AggregationDecision Decision, ReadOnlyMemory<float> Vector);
