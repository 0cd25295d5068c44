using System.Numerics;
using System.Runtime.CompilerServices;

namespace Mfn.Core.Simulation;

/// <summary>As <see cref="ExplicitKinetics"/>, but the inhibitor follows the activator's new, not yet clipped value: the model variant.</summary>
internal readonly struct SemiImplicitKinetics(SimulationSpec spec) : IReactionKinetics
{
    private readonly ExplicitKinetics _explicit = new(spec);
    private readonly double _inhibitorDiffusion = spec.InhibitorDiffusion;
    private readonly double _inhibitorRate = spec.InhibitorRate;

    public (double Activator, double Inhibitor) Advance(double activator, double inhibitor, double activatorLaplacian, double inhibitorLaplacian)
    {
        var (newActivator, _) = _explicit.Advance(activator, inhibitor, activatorLaplacian, inhibitorLaplacian);
        return (newActivator, inhibitor + ((_inhibitorDiffusion * inhibitorLaplacian) + (_inhibitorRate * (newActivator - inhibitor))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (Vector<double> Activator, Vector<double> Inhibitor) Advance(
        Vector<double> activator, Vector<double> inhibitor, Vector<double> activatorLaplacian, Vector<double> inhibitorLaplacian)
    {
        var (newActivator, _) = _explicit.Advance(activator, inhibitor, activatorLaplacian, inhibitorLaplacian);
        return (newActivator, inhibitor + ((_inhibitorDiffusion * inhibitorLaplacian) + (_inhibitorRate * (newActivator - inhibitor))));
    }
}
