using System.Numerics;
using System.Runtime.Intrinsics;
using Mfn.Core.Kinetics;
using Mfn.Core.Vectors;

namespace Mfn.Core.Simulation;

/// <summary>The kernels of patterns: chosen by kinetics, Laplacian, mask and the widest vectors that the processor is fast with.</summary>
internal static class PatternKernel
{
    /// <summary>What takes rows through the parts of a step.</summary>
    public static StepKernel<T>[] Of<T>(PatternSpec spec)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        Vector512.IsHardwareAccelerated ? Of<T, Bits512<T>>(spec)
        : Vector256.IsHardwareAccelerated ? Of<T, Bits256<T>>(spec)
        : Of<T, Bits128<T>>(spec);

    /// <summary>The same, of the given vectors.</summary>
    public static StepKernel<T>[] Of<T, TVector>(PatternSpec spec)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TVector : struct, IVector<TVector, T> => (spec.Laplacian, spec.Mask.IsDefaultOrEmpty) switch
        {
            (LaplacianStencil.FivePoint, true) => Of<T, TVector, FivePoints<T, TVector>>(spec),
            (LaplacianStencil.FivePoint, false) => Of<T, TVector, MaskedFivePoints<T, TVector>>(spec),
            (_, true) => Of<T, TVector, NinePoints<T, TVector>>(spec),
            _ => Of<T, TVector, MaskedNinePoints<T, TVector>>(spec),
        };

    private static StepKernel<T>[] Of<T, TVector, TStencil>(PatternSpec spec)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TVector : struct, IVector<TVector, T>
        where TStencil : struct, IPatternStencil<T, TVector> => spec.Kinetics.Model switch
        {
            GrayScott => [new PatternKernel<T, TVector, TStencil, GrayScottRates<T, TVector>>(spec)],
            FitzHughNagumo => [new PatternKernel<T, TVector, TStencil, FitzHughNagumoRates<T, TVector>>(spec)],
            Schnakenberg => [new PatternKernel<T, TVector, TStencil, SchnakenbergRates<T, TVector>>(spec)],
            Brusselator => [new PatternKernel<T, TVector, TStencil, BrusselatorRates<T, TVector>>(spec)],
            GiererMeinhardt => [new PatternKernel<T, TVector, TStencil, GiererMeinhardtRates<T, TVector>>(spec)],
            Barkley => [new PatternKernel<T, TVector, TStencil, BarkleyRates<T, TVector>>(spec)],
            CubicPolynomial => [new PatternKernel<T, TVector, TStencil, CubicPolynomialRates<T, TVector>>(spec)],
            SwiftHohenberg =>
            [
                new SwiftHohenbergKernel<T, TVector, TStencil, FirstPart>(spec),
                new SwiftHohenbergKernel<T, TVector, TStencil, SecondPart>(spec),
            ],
            var model => throw new ArgumentException($"There is no kernel for {model.Name}.", nameof(spec)),
        };
}
