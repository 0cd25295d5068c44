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

    /// <summary>Whether some cells take no part: a neighbour that does not is as if it had the cell's own value.</summary>
    static abstract bool IsMasked { get; }

    /// <summary>What the sum is a multiple of h² ∇² by.</summary>
    static abstract double Scale { get; }

    /// <summary>The weight of the cell itself.</summary>
    static abstract double Centre { get; }

    /// <summary>The sum over cells of a species and those next to them, which without a mask are given added up in columns.</summary>
    /// <param name="centre"><see cref="Centre"/>.</param>
    /// <param name="here">The cells.</param>
    /// <param name="left">Those before.</param>
    /// <param name="right">Those after.</param>
    /// <param name="above">Those above; without a mask the sum of those above and those below.</param>
    /// <param name="below">Those below; not used without a mask.</param>
    /// <param name="aboveLeft">Like <paramref name="above"/>, of the cells before; not used without diagonals.</param>
    /// <param name="aboveRight">Like <paramref name="above"/>, of the cells after; not used without diagonals.</param>
    /// <param name="belowLeft">Like <paramref name="below"/>, of the cells before; not used without diagonals.</param>
    /// <param name="belowRight">Like <paramref name="below"/>, of the cells after; not used without diagonals.</param>
    /// <param name="open">The cells' <see cref="MaskBit"/>s; not used without a mask.</param>
    static abstract TVector Sum(
        TVector centre,
        TVector here,
        TVector left,
        TVector right,
        TVector above,
        TVector below,
        TVector aboveLeft,
        TVector aboveRight,
        TVector belowLeft,
        TVector belowRight,
        TVector open);
}

/// <summary><see cref="Kinetics.LaplacianStencil.FivePoint"/>.</summary>
internal readonly struct FivePoints<T, TVector> : IPatternStencil<T, TVector>
    where T : unmanaged
    where TVector : struct, IVector<TVector, T>
{
    public static bool HasDiagonals => false;

    public static bool IsMasked => false;

    public static double Scale => 1;

    public static double Centre => -4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sum(
        TVector centre,
        TVector here,
        TVector left,
        TVector right,
        TVector above,
        TVector below,
        TVector aboveLeft,
        TVector aboveRight,
        TVector belowLeft,
        TVector belowRight,
        TVector open) => TVector.FusedMultiplyAdd(centre, here, above + (left + right));
}

/// <summary><see cref="Kinetics.LaplacianStencil.NinePoint"/>.</summary>
internal readonly struct NinePoints<T, TVector> : IPatternStencil<T, TVector>
    where T : unmanaged, INumber<T>
    where TVector : struct, IVector<TVector, T>
{
    public static bool HasDiagonals => true;

    public static bool IsMasked => false;

    public static double Scale => 6;

    public static double Centre => -20;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sum(
        TVector centre,
        TVector here,
        TVector left,
        TVector right,
        TVector above,
        TVector below,
        TVector aboveLeft,
        TVector aboveRight,
        TVector belowLeft,
        TVector belowRight,
        TVector open) =>
        TVector.FusedMultiplyAdd(
            centre, here, TVector.FusedMultiplyAdd(TVector.Create(T.CreateChecked(4)), above + (left + right), aboveLeft + aboveRight));
}

/// <summary><see cref="FivePoints{T, TVector}"/> of fields with a mask.</summary>
internal readonly struct MaskedFivePoints<T, TVector> : IPatternStencil<T, TVector>
    where T : unmanaged
    where TVector : struct, IVector<TVector, T>
{
    public static bool HasDiagonals => false;

    public static bool IsMasked => true;

    public static double Scale => FivePoints<T, TVector>.Scale;

    public static double Centre => FivePoints<T, TVector>.Centre;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sum(
        TVector centre,
        TVector here,
        TVector left,
        TVector right,
        TVector above,
        TVector below,
        TVector aboveLeft,
        TVector aboveRight,
        TVector belowLeft,
        TVector belowRight,
        TVector open)
    {
        var column = TVector.Select(TVector.LacksBit(open, MaskBit.Above), here, above)
            + TVector.Select(TVector.LacksBit(open, MaskBit.Below), here, below);
        var row = TVector.Select(TVector.LacksBit(open, MaskBit.Left), here, left)
            + TVector.Select(TVector.LacksBit(open, MaskBit.Right), here, right);
        return TVector.FusedMultiplyAdd(centre, here, column + row);
    }
}

/// <summary><see cref="NinePoints{T, TVector}"/> of fields with a mask.</summary>
internal readonly struct MaskedNinePoints<T, TVector> : IPatternStencil<T, TVector>
    where T : unmanaged, INumber<T>
    where TVector : struct, IVector<TVector, T>
{
    public static bool HasDiagonals => true;

    public static bool IsMasked => true;

    public static double Scale => NinePoints<T, TVector>.Scale;

    public static double Centre => NinePoints<T, TVector>.Centre;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sum(
        TVector centre,
        TVector here,
        TVector left,
        TVector right,
        TVector above,
        TVector below,
        TVector aboveLeft,
        TVector aboveRight,
        TVector belowLeft,
        TVector belowRight,
        TVector open)
    {
        var column = TVector.Select(TVector.LacksBit(open, MaskBit.Above), here, above)
            + TVector.Select(TVector.LacksBit(open, MaskBit.Below), here, below);
        var row = TVector.Select(TVector.LacksBit(open, MaskBit.Left), here, left)
            + TVector.Select(TVector.LacksBit(open, MaskBit.Right), here, right);
        var leftColumn = TVector.Select(TVector.LacksBit(open, MaskBit.AboveLeft), here, aboveLeft)
            + TVector.Select(TVector.LacksBit(open, MaskBit.BelowLeft), here, belowLeft);
        var rightColumn = TVector.Select(TVector.LacksBit(open, MaskBit.AboveRight), here, aboveRight)
            + TVector.Select(TVector.LacksBit(open, MaskBit.BelowRight), here, belowRight);
        return TVector.FusedMultiplyAdd(
            centre, here, TVector.FusedMultiplyAdd(TVector.Create(T.CreateChecked(4)), column + row, leftColumn + rightColumn));
    }
}
