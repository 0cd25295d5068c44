using Mfn.Core.Fields;

namespace Mfn.Core.Kinetics;

/// <summary>What lies beyond the rim for a species.</summary>
/// <param name="Kind">What lies there. Periodic for all species or for none.</param>
/// <param name="Value">The concentration there, for <see cref="Boundary.Dirichlet"/>; 0 otherwise.</param>
public readonly record struct SpeciesBoundary(Boundary Kind, double Value = 0);
