using System.Numerics;
using System.Runtime.CompilerServices;
using Mfn.Core.Kinetics;
using Mfn.Core.Vectors;

namespace Mfn.Core.Simulation;

/// <summary>The explicit part of an implicit-explicit step, cell by cell: u + Δt f, fused.</summary>
internal abstract class ReactionKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Writes cells that follow one another in memory, and up to a vector of those after them.</summary>
    /// <param name="u">The first of the first species before.</param>
    /// <param name="offset">From there to the second species.</param>
    /// <param name="next">The first of the first species after.</param>
    /// <param name="nextOffset">From there to the second species.</param>
    /// <param name="cellCount">How many cells; at least 1.</param>
    /// <returns>Whether all of them are finite.</returns>
    public abstract bool Advance(ref T u, int offset, ref T next, int nextOffset, int cellCount);

    /// <summary>That of a spec, of the given vectors.</summary>
    public static ReactionKernel<T> Of<TVector>(PatternSpec spec)
        where TVector : struct, IVector<TVector, T> => spec.Kinetics.Model switch
        {
            GrayScott => new ReactionKernel<T, TVector, GrayScottRates<T, TVector>>(spec),
            FitzHughNagumo => new ReactionKernel<T, TVector, FitzHughNagumoRates<T, TVector>>(spec),
            Schnakenberg => new ReactionKernel<T, TVector, SchnakenbergRates<T, TVector>>(spec),
            Brusselator => new ReactionKernel<T, TVector, BrusselatorRates<T, TVector>>(spec),
            GiererMeinhardt => new ReactionKernel<T, TVector, GiererMeinhardtRates<T, TVector>>(spec),
            Barkley => new ReactionKernel<T, TVector, BarkleyRates<T, TVector>>(spec),
            CubicPolynomial => new ReactionKernel<T, TVector, CubicPolynomialRates<T, TVector>>(spec),
            var model => throw new ArgumentException($"{model.Name} has no reaction apart from its operator of space.", nameof(spec)),
        };
}

/// <summary>The same of one width of vectors and one kinetics.</summary>
internal sealed class ReactionKernel<T, TVector, TRates>(PatternSpec spec) : ReactionKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct, IVector<TVector, T>
    where TRates : struct, IRates<TRates, T, TVector>
{
    private readonly TRates _rates = TRates.Create(spec.Kinetics);
    private readonly T _timeStep = T.CreateChecked(spec.TimeStep);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override bool Advance(ref T u, int offset, ref T next, int nextOffset, int cellCount)
    {
        var rates = _rates;
        var timeStep = TVector.Create(_timeStep);
        ref var v = ref Unsafe.Add(ref u, offset);
        ref var vNext = ref Unsafe.Add(ref next, nextOffset);

        // Stays zero as long as all values are finite, and their sums too.
        var finite = TVector.Zero;
        var last = (nuint)((cellCount - 1) / TVector.Count * TVector.Count);
        for (nuint at = 0; at < last; at += (nuint)TVector.Count)
        {
            finite = TVector.FusedMultiplyAdd(Advance(rates, timeStep, ref u, ref v, ref next, ref vNext, at), TVector.Zero, finite);
        }

        // What lies beyond the cells may be anything.
        var isWithin = TVector.IsGreater(TVector.Create(T.CreateChecked(cellCount - (int)last)), TVector.Indices);
        var sum = Advance(rates, timeStep, ref u, ref v, ref next, ref vNext, last);
        finite = TVector.FusedMultiplyAdd(TVector.Select(isWithin, sum, TVector.Zero), TVector.Zero, finite);
        return PatternPlanes.AreFinite<T, TVector>(finite);
    }

    /// <summary>A vector of cells of each species; gives their sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Advance(TRates rates, TVector timeStep, ref T u, ref T v, ref T next, ref T vNext, nuint at)
    {
        var uHere = TVector.Load(ref u, at);
        var vHere = TVector.Load(ref v, at);
        rates.Of(uHere, vHere, out var f, out var g);

        // Zero is added as where diffusion is explicit, so that no zero is negative.
        var uAfter = TVector.FusedMultiplyAdd(timeStep, f, uHere) + TVector.Zero;
        var vAfter = TVector.FusedMultiplyAdd(timeStep, g, vHere) + TVector.Zero;
        TVector.Store(uAfter, ref next, at);
        TVector.Store(vAfter, ref vNext, at);
        return uAfter + vAfter;
    }
}
