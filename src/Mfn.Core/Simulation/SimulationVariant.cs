namespace Mfn.Core.Simulation;

/// <summary>Which of the reference's two field simulations a run reproduces. They draw and update differently, so their fields differ.</summary>
public enum SimulationVariant
{
    /// <summary>
    /// <c>simulate_mycelium_field</c>: a torus with fixed reaction constants; the inhibitor sees the activator's new value
    /// (semi-implicit), and no activator or inhibitor is drawn unless the Turing coupling is on.
    /// </summary>
    Model,

    /// <summary>
    /// <c>ReactionDiffusionEngine</c>: configurable constants and boundary; both species see the old values (explicit), and both
    /// are always drawn.
    /// </summary>
    Engine,

    /// <summary>
    /// <c>full_simulation_step</c>: as <see cref="Engine"/>, but with looser ranges, a configurable Turing increment, and the activator clipped
    /// before it is compared with the threshold. The reference steps given fields with it and never draws them.
    /// </summary>
    Numerics,
}
