namespace Mfn.Core.Aggregation.Attacks;

/// <summary>How far an attack moved a rule.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Attack">The attack.</param>
/// <param name="Distance">From the honest updates' mean to the aggregate, or null if the rule refused to aggregate.</param>
/// <param name="RelativeDistance">The same in units of the honest updates' root-mean-square distance from their mean.</param>
/// <param name="Refusal">Why the rule refused, or null.</param>
public sealed record Displacement(string Rule, string Attack, double? Distance, double? RelativeDistance, string? Refusal);
