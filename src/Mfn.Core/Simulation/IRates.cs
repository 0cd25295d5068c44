using Mfn.Core.Kinetics;
using Mfn.Core.Vectors;

namespace Mfn.Core.Simulation;

/// <summary>How two species react: a constant of the kernel's type, so that the loop over the cells is compiled for it.</summary>
/// <remarks>
/// The operations and their order are part of the promise of equal bits: products that are added are fused, which every processor rounds once,
/// and powers are products from the left.
/// </remarks>
internal interface IRates<TSelf, T, TVector>
    where TSelf : struct, IRates<TSelf, T, TVector>
    where T : unmanaged
    where TVector : struct, IVector<TVector, T>
{
    /// <summary>Those of a spec.</summary>
    static abstract TSelf Create(KineticsSpec spec);

    /// <summary>Each species' rate of change without diffusion.</summary>
    void Of(TVector u, TVector v, out TVector f, out TVector g);
}
