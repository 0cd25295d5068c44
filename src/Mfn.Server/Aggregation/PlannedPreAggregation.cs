using Mfn.Core.Aggregation.PreAggregations;

namespace Mfn.Server.Aggregation;

/// <summary>A pre-aggregation, and what it costs.</summary>
/// <param name="PreAggregation">The pre-aggregation.</param>
/// <param name="WorkingBytes">At most so much memory for n updates, beside its result.</param>
internal sealed record PlannedPreAggregation(IPreAggregation PreAggregation, Func<double, double> WorkingBytes);
