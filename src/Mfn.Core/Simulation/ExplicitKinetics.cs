using System.Numerics;
using System.Runtime.CompilerServices;

namespace Mfn.Core.Simulation;

/// <summary>a += D_a ∇²a + r_a (a (1 - a) - i) and i += D_i ∇²i + r_i (a - i), both from the old values: the engine variant.</summary>
internal readonly struct ExplicitKinetics(SimulationSpec spec) : IReactionKinetics
{
    private readonly double _activatorDiffusion = spec.ActivatorDiffusion;
    private readonly double _inhibitorDiffusion = spec.InhibitorDiffusion;
    private readonly double _activatorRate = spec.ActivatorRate;
    private readonly double _inhibitorRate = spec.InhibitorRate;

    public (double Activator, double Inhibitor) Advance(double activator, double inhibitor, double activatorLaplacian, double inhibitorLaplacian) => (
        activator + ((_activatorDiffusion * activatorLaplacian) + (_activatorRate * ((activator * (1.0 - activator)) - inhibitor))),
        inhibitor + ((_inhibitorDiffusion * inhibitorLaplacian) + (_inhibitorRate * (activator - inhibitor))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (Vector<double> Activator, Vector<double> Inhibitor) Advance(
        Vector<double> activator, Vector<double> inhibitor, Vector<double> activatorLaplacian, Vector<double> inhibitorLaplacian) => (
        activator + ((_activatorDiffusion * activatorLaplacian) + (_activatorRate * ((activator * (Vector<double>.One - activator)) - inhibitor))),
        inhibitor + ((_inhibitorDiffusion * inhibitorLaplacian) + (_inhibitorRate * (activator - inhibitor))));
}
