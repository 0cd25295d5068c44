using System.Numerics;
using System.Runtime.Intrinsics;
using Mfn.Core.Fields;
using Mfn.Core.Vectors;

namespace Mfn.Core.Simulation;

/// <summary>Takes rows of the fields through a step, reading each cell once and writing it once.</summary>
/// <typeparam name="T">The cells.</typeparam>
internal abstract class StepKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Writes rows after the step. One that is shorter than a vector also overwrites what follows it, up to a vector's length.</summary>
    /// <param name="rows">The first row before the step and those next to it.</param>
    /// <param name="rowCount">How many rows; at least 1.</param>
    /// <param name="stride">The cells from one row to the next, in all that <paramref name="rows"/> names.</param>
    /// <param name="noise">The first of as many values to add to the potential; a null reference if there is no noise, as for more than one row.</param>
    /// <param name="next">The potential's first cell in the first row after the step.</param>
    /// <param name="nextOffset">The offset from there to the activator, and from the activator to the inhibitor.</param>
    /// <param name="nextStride">The cells from one row to the next in what is written.</param>
    public abstract RowCounts AdvanceRows(in RowStencil<T> rows, int rowCount, int stride, ref T noise, ref T next, int nextOffset, int nextStride);

    /// <summary>The kernel of a spec, of the widest vectors that the processor is fast with.</summary>
    public static StepKernel<T> Of(SimulationSpec spec) =>
        Vector512.IsHardwareAccelerated ? Of<Bits512<T>>(spec)
        : Vector256.IsHardwareAccelerated ? Of<Bits256<T>>(spec)
        : Of<Bits128<T>>(spec);

    /// <summary>The kernel of a spec, of the given vectors.</summary>
    public static StepKernel<T> Of<TVector>(SimulationSpec spec)
        where TVector : struct, IVector<TVector, T> => spec switch
        {
            { IsTuringEnabled: false } => Of<TVector, NoReaction>(spec),
            { Variant: SimulationVariant.Model } => Of<TVector, SemiImplicitReaction>(spec),
            _ => Of<TVector, ExplicitReaction>(spec),
        };

    private static StepKernel<T> Of<TVector, TReaction>(SimulationSpec spec)
        where TVector : struct, IVector<TVector, T>
        where TReaction : struct, IReaction => spec.Boundary switch
        {
            Boundary.Periodic => new StepKernel<T, TVector, TReaction, PeriodicRim>(spec),
            Boundary.Neumann => new StepKernel<T, TVector, TReaction, NeumannRim>(spec),
            Boundary.Dirichlet => new StepKernel<T, TVector, TReaction, DirichletRim>(spec),
            _ => throw new ArgumentException($"Unknown boundary {spec.Boundary}.", nameof(spec)),
        };
}
