using Mfn.Core.Aggregation.Rules;

namespace Mfn.Server.Aggregation;

/// <summary>A rule, its names on the wire, and what it costs.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Name">Its name without a variant.</param>
/// <param name="Variant">The variant's name; empty if it has none.</param>
/// <param name="WorkingBytes">At most so much memory for n updates, beside the updates and a few more vectors.</param>
internal sealed record PlannedRule(IAggregationRule Rule, string Name, string Variant, Func<double, double> WorkingBytes);
