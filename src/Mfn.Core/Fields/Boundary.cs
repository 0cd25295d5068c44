namespace Mfn.Core.Fields;

/// <summary>What lies beyond the rim of a field.</summary>
public enum Boundary
{
    /// <summary>The opposite rim: the field is a torus.</summary>
    Periodic,

    /// <summary>A copy of the rim, so that nothing flows through it (zero flux).</summary>
    Neumann,

    /// <summary>Zero. For a potential that is 0 V, strongly depolarised, so the rim drifts away from rest.</summary>
    Dirichlet,
}
