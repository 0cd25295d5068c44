using System.Numerics;
using System.Runtime.CompilerServices;
using Mfn.Core.Fields;

namespace Mfn.Core.Simulation;

/// <summary>Activator and inhibitor of a row react and diffuse, and where the activator exceeds the threshold the potential rises.</summary>
internal readonly ref struct Reaction<TKinetics>(TKinetics kinetics, double threshold, double increment)
    where TKinetics : struct, IReactionKinetics
{
    private readonly TKinetics _kinetics = kinetics;
    private readonly double _threshold = threshold;
    private readonly double _increment = increment;

    /// <summary>
    /// Writes a row of both species after the step, from the fields before it, raises the potential where the activator, before it is
    /// clipped, exceeds the threshold, and returns in how many cells it does.
    /// </summary>
    // Not inlined, so that a profile tells the kernels apart.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public int AdvanceRow(StencilRow activator, StencilRow inhibitor, Span<double> newActivator, Span<double> newInhibitor, Span<double> potential)
    {
        // The vectors of a row are loaded unchecked.
        ArgumentOutOfRangeException.ThrowIfNotEqual(inhibitor.Length, activator.Length);

        var kinetics = _kinetics;
        var (thresholds, increments) = (Vector.Create(_threshold), Vector.Create(_increment));
        var activations = Vector<long>.Zero;
        var activationCount = AdvanceCell(0, activator, inhibitor, newActivator, newInhibitor, potential);
        var j = 1;
        for (; j <= activator.LastVectorStart; j += Vector<double>.Count)
        {
            var (a, i) = kinetics.Advance(activator.Cells(j), inhibitor.Cells(j), activator.Laplacians(j), inhibitor.Laplacians(j));
            var isActive = Vector.GreaterThan(a, thresholds);
            activations -= isActive;

            var potentials = new Vector<double>(potential[j..]);
            Vector.ConditionalSelect(isActive, potentials + increments, potentials).CopyTo(potential[j..]);
            Clipping.Clip(a, Vector<double>.Zero, Vector<double>.One).CopyTo(newActivator[j..]);
            Clipping.Clip(i, Vector<double>.Zero, Vector<double>.One).CopyTo(newInhibitor[j..]);
        }

        activationCount += (int)Vector.Sum(activations);
        for (; j < activator.Length; j++)
        {
            activationCount += AdvanceCell(j, activator, inhibitor, newActivator, newInhibitor, potential);
        }

        return activationCount;
    }

    private int AdvanceCell(
        int j, StencilRow activator, StencilRow inhibitor, Span<double> newActivator, Span<double> newInhibitor, Span<double> potential)
    {
        var (a, i) = _kinetics.Advance(activator.Cell(j), inhibitor.Cell(j), activator.Laplacian(j), inhibitor.Laplacian(j));
        newActivator[j] = Clipping.Clip(a, 0.0, 1.0);
        newInhibitor[j] = Clipping.Clip(i, 0.0, 1.0);
        if (a > _threshold)
        {
            potential[j] += _increment;
            return 1;
        }

        return 0;
    }
}
