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

    /// <summary>The sum.</summary>
    /// <param name="cells">Of a species.</param>
    /// <param name="weights">Of the mask; undefined without one.</param>
    static abstract TVector Sum(in Neighbourhood<TVector> cells, in Neighbourhood<TVector> weights);
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
    public static TVector Sum(in Neighbourhood<TVector> cells, in Neighbourhood<TVector> weights) =>
        TVector.FusedMultiplyAdd(
            TVector.Create(T.CreateChecked(-4)), cells.Here, (cells.Above + cells.Below) + (cells.Left + cells.Right));
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
    public static TVector Sum(in Neighbourhood<TVector> cells, in Neighbourhood<TVector> weights)
    {
        var straight = (cells.Above + cells.Below) + (cells.Left + cells.Right);
        var diagonal = (cells.AboveLeft + cells.AboveRight) + (cells.BelowLeft + cells.BelowRight);
        return TVector.FusedMultiplyAdd(
            TVector.Create(T.CreateChecked(-20)), cells.Here, TVector.FusedMultiplyAdd(TVector.Create(T.CreateChecked(4)), straight, diagonal));
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
    public static TVector Sum(in Neighbourhood<TVector> cells, in Neighbourhood<TVector> weights) =>
        ((weights.Above * (cells.Above - cells.Here)) + (weights.Below * (cells.Below - cells.Here)))
        + ((weights.Left * (cells.Left - cells.Here)) + (weights.Right * (cells.Right - cells.Here)));
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
    public static TVector Sum(in Neighbourhood<TVector> cells, in Neighbourhood<TVector> weights)
    {
        var straight = MaskedFivePoints<T, TVector>.Sum(cells, weights);
        var diagonal =
            ((weights.AboveLeft * (cells.AboveLeft - cells.Here)) + (weights.AboveRight * (cells.AboveRight - cells.Here)))
            + ((weights.BelowLeft * (cells.BelowLeft - cells.Here)) + (weights.BelowRight * (cells.BelowRight - cells.Here)));
        return TVector.FusedMultiplyAdd(TVector.Create(T.CreateChecked(4)), straight, diagonal);
    }
}
