using System.Numerics;
using System.Runtime.CompilerServices;
using Mfn.Core.Vectors;

namespace Mfn.Core.Simulation;

/// <summary>A discrete Laplacian times h², or 6h²: a constant of the kernel's type, so that the loop over the cells is compiled for it.</summary>
internal interface IPatternStencil<T, TVector>
    where T : unmanaged
    where TVector : struct, IVector<TVector, T>
{
    /// <summary>Whether the diagonal neighbours are needed.</summary>
    static abstract bool HasDiagonals { get; }

    /// <summary>Whether some cells take no part. Their weights are 0 then and those of all others 1.</summary>
    static abstract bool IsMasked { get; }

    /// <summary>What the sum is a multiple of h² ∇² by.</summary>
    static abstract double Scale { get; }

    /// <summary>The sum over cells of a species and those next to them: one by one, since the compiler keeps structs of so many in memory.</summary>
    /// <param name="here">The cells.</param>
    /// <param name="above">Those above.</param>
    /// <param name="below">Those below.</param>
    /// <param name="left">Those before.</param>
    /// <param name="right">Those after.</param>
    /// <param name="aboveLeft">Like the others undefined without diagonals.</param>
    /// <param name="aboveRight">See <paramref name="aboveLeft"/>.</param>
    /// <param name="belowLeft">See <paramref name="aboveLeft"/>.</param>
    /// <param name="belowRight">See <paramref name="aboveLeft"/>.</param>
    /// <param name="weights">Of the mask; undefined without one.</param>
    static abstract TVector Sum(
        TVector here,
        TVector above,
        TVector below,
        TVector left,
        TVector right,
        TVector aboveLeft,
        TVector aboveRight,
        TVector belowLeft,
        TVector belowRight,
        in Neighbourhood<TVector> weights);
}

/// <summary>Cells and those next to them.</summary>
internal readonly struct Neighbourhood<TVector>(TVector here, TVector above, TVector below, TVector left, TVector right)
    where TVector : struct
{
    public readonly TVector Here = here;
    public readonly TVector Above = above;
    public readonly TVector Below = below;
    public readonly TVector Left = left;
    public readonly TVector Right = right;

    public TVector AboveLeft { get; init; }

    public TVector AboveRight { get; init; }

    public TVector BelowLeft { get; init; }

    public TVector BelowRight { get; init; }
}

/// <summary><see cref="Kinetics.LaplacianStencil.FivePoint"/>.</summary>
internal readonly struct FivePoints<T, TVector> : IPatternStencil<T, TVector>
    where T : unmanaged, INumber<T>
    where TVector : struct, IVector<TVector, T>
{
    public static bool HasDiagonals => false;

    public static bool IsMasked => false;

    public static double Scale => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sum(
        TVector here,
        TVector above,
        TVector below,
        TVector left,
        TVector right,
        TVector aboveLeft,
        TVector aboveRight,
        TVector belowLeft,
        TVector belowRight,
        in Neighbourhood<TVector> weights) =>
        TVector.FusedMultiplyAdd(
            TVector.Create(T.CreateChecked(-4)), here, (above + below) + (left + right));
}

/// <summary><see cref="Kinetics.LaplacianStencil.NinePoint"/>.</summary>
internal readonly struct NinePoints<T, TVector> : IPatternStencil<T, TVector>
    where T : unmanaged, INumber<T>
    where TVector : struct, IVector<TVector, T>
{
    public static bool HasDiagonals => true;

    public static bool IsMasked => false;

    public static double Scale => 6;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sum(
        TVector here,
        TVector above,
        TVector below,
        TVector left,
        TVector right,
        TVector aboveLeft,
        TVector aboveRight,
        TVector belowLeft,
        TVector belowRight,
        in Neighbourhood<TVector> weights)
    {
        var straight = (above + below) + (left + right);
        var diagonal = (aboveLeft + aboveRight) + (belowLeft + belowRight);
        return TVector.FusedMultiplyAdd(
            TVector.Create(T.CreateChecked(-20)), here, TVector.FusedMultiplyAdd(TVector.Create(T.CreateChecked(4)), straight, diagonal));
    }
}

/// <summary>The same with a mask: a neighbour that takes no part is as if it had the cell's own value.</summary>
internal readonly struct MaskedFivePoints<T, TVector> : IPatternStencil<T, TVector>
    where T : unmanaged
    where TVector : struct, IVector<TVector, T>
{
    public static bool HasDiagonals => false;

    public static bool IsMasked => true;

    public static double Scale => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sum(
        TVector here,
        TVector above,
        TVector below,
        TVector left,
        TVector right,
        TVector aboveLeft,
        TVector aboveRight,
        TVector belowLeft,
        TVector belowRight,
        in Neighbourhood<TVector> weights) =>
        ((weights.Above * (above - here)) + (weights.Below * (below - here)))
        + ((weights.Left * (left - here)) + (weights.Right * (right - here)));
}

/// <summary>The same with a mask: a neighbour that takes no part is as if it had the cell's own value.</summary>
internal readonly struct MaskedNinePoints<T, TVector> : IPatternStencil<T, TVector>
    where T : unmanaged, INumber<T>
    where TVector : struct, IVector<TVector, T>
{
    public static bool HasDiagonals => true;

    public static bool IsMasked => true;

    public static double Scale => 6;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sum(
        TVector here,
        TVector above,
        TVector below,
        TVector left,
        TVector right,
        TVector aboveLeft,
        TVector aboveRight,
        TVector belowLeft,
        TVector belowRight,
        in Neighbourhood<TVector> weights)
    {
        var straight = MaskedFivePoints<T, TVector>.Sum(
            here, above, below, left, right, aboveLeft, aboveRight, belowLeft, belowRight, weights);
        var diagonal =
            ((weights.AboveLeft * (aboveLeft - here)) + (weights.AboveRight * (aboveRight - here)))
            + ((weights.BelowLeft * (belowLeft - here)) + (weights.BelowRight * (belowRight - here)));
        return TVector.FusedMultiplyAdd(TVector.Create(T.CreateChecked(4)), straight, diagonal);
    }
}
