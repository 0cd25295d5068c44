namespace Mfn.Core.Aggregation.Rules;

/// <summary>An update that is not part of an aggregate, and why.</summary>
/// <param name="ClientId">Who sent it.</param>
/// <param name="Reason">The kind of reason.</param>
/// <param name="Description">The reason in words that follow the client's name, such as "has 3 components instead of 4".</param>
public sealed record Exclusion(string ClientId, ExclusionReason Reason, string Description);
