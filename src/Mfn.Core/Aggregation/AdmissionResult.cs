using System.Collections.Immutable;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation;

/// <summary>The updates of a round that count, and those that do not.</summary>
/// <param name="Admitted">What counts.</param>
/// <param name="Excluded">What does not, by client id.</param>
public sealed record AdmissionResult(UpdateSet Admitted, ImmutableArray<Exclusion> Excluded);
