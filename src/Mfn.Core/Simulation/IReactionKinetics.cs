namespace Mfn.Core.Simulation;

/// <summary>How activator and inhibitor of one cell change in a step. A struct, so that the loop over the cells is compiled for it.</summary>
internal interface IReactionKinetics
{
    /// <summary>The values after the step, not yet clipped, from those before it and their Laplacians.</summary>
    (double Activator, double Inhibitor) Advance(double activator, double inhibitor, double activatorLaplacian, double inhibitorLaplacian);
}
