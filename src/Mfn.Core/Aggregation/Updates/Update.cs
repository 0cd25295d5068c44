namespace Mfn.Core.Aggregation.Updates;

/// <summary>What one client sent in a round, before anybody has looked at it.</summary>
/// <param name="ClientId">Who sent it; the ids' ordinal order is the order in which updates are worked on.</param>
/// <param name="Vector">The update itself. Viewed, not copied: it must not change while it is in use.</param>
/// <param name="ClaimedWeight">How much the client says it counts, such as its number of samples.</param>
public sealed record Update(string ClientId, ReadOnlyMemory<float> Vector, double ClaimedWeight = 1);
