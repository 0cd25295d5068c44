using System.Numerics;

namespace Mfn.Core.Simulation;

/// <summary>How activator and inhibitor of a cell change in a step. A struct, so that the loop over the cells is compiled for it.</summary>
internal interface IReactionKinetics
{
    /// <summary>The values after the step, not yet clipped, from those before it and their Laplacians.</summary>
    (double Activator, double Inhibitor) Advance(double activator, double inhibitor, double activatorLaplacian, double inhibitorLaplacian);

    /// <summary>The same for each cell of a vector, to the bit.</summary>
    (Vector<double> Activator, Vector<double> Inhibitor) Advance(
        Vector<double> activator, Vector<double> inhibitor, Vector<double> activatorLaplacian, Vector<double> inhibitorLaplacian);
}
