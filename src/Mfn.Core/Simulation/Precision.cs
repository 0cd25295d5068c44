namespace Mfn.Core.Simulation;

/// <summary>The floating-point type of the cells, in which every operation of a step is rounded.</summary>
public enum Precision
{
    /// <summary>IEEE binary64: the reference's.</summary>
    Binary64,

    /// <summary>
    /// IEEE binary32. The same equations in the same order, on constants and draws rounded to it: a model of its own, deterministic to the
    /// bit, of half the memory and about twice the speed.
    /// </summary>
    Binary32,
}
