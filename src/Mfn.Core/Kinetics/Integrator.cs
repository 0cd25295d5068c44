namespace Mfn.Core.Kinetics;

/// <summary>How a time step is taken.</summary>
public enum Integrator
{
    /// <summary>Explicit Euler: every term from the state before.</summary>
    Euler,

    /// <summary>
    /// Reaction explicit, diffusion implicit by alternating directions: along the rows, then along the columns. Stable for any time step as far
    /// as diffusion is concerned.
    /// </summary>
    Adi,
}
