using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;
using Mfn.Core.Fields;
using Mfn.Core.Kinetics;
using Mfn.Core.Vectors;

namespace Mfn.Core.Simulation;

/// <summary>What the fields of a pattern are in memory: a plane a species, then what a step's parts hand on, then the mask as zeros and ones.</summary>
internal static class PatternPlanes
{
    /// <summary>The planes that hold species and what parts of a step hand on: always two.</summary>
    public const int CellPlanes = 2;

    /// <summary>What lies beyond the rim, one a plane.</summary>
    public static ImmutableArray<SpeciesBoundary> Boundaries(PatternSpec spec)
    {
        // What Swift and Hohenberg's first part makes of a uniform field is that field.
        ImmutableArray<SpeciesBoundary> cells = [spec.Boundaries[0], spec.Boundaries[^1]];
        return spec.Mask.IsDefaultOrEmpty ? cells : cells.Add(BoundaryOfMask(spec));
    }

    /// <summary>A cell beyond the rim takes part where the one at the rim does.</summary>
    public static SpeciesBoundary BoundaryOfMask(PatternSpec spec) =>
        new(spec.Boundaries[0].Kind == Boundary.Periodic ? Boundary.Periodic : Boundary.Neumann);

    /// <summary>The cells of a row from <paramref name="j"/> on and their neighbours.</summary>
    /// <param name="here">The row's first cell.</param>
    /// <param name="above">That of the row above.</param>
    /// <param name="below">That of the row below.</param>
    /// <param name="j">The first column.</param>
    /// <param name="isWithin">Whether neither end of the row is next to the cells.</param>
    /// <param name="hasDiagonals">Whether the diagonal neighbours are wanted.</param>
    /// <param name="ends">What lies beyond the ends.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Neighbourhood<TVector> Load<T, TVector>(
        ref T here, ref T above, ref T below, int j, bool isWithin, bool hasDiagonals, RowEnds<T, TVector> ends)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TVector : struct, IVector<TVector, T>
    {
        var at = (nuint)j;
        var (left, right) = isWithin ? (TVector.Load(ref here, at - 1), TVector.Load(ref here, at + 1)) : (ends.Left(ref here, j), ends.Right(ref here, j));
        var cells = new Neighbourhood<TVector>(TVector.Load(ref here, at), TVector.Load(ref above, at), TVector.Load(ref below, at), left, right);
        if (!hasDiagonals)
        {
            return cells;
        }

        return isWithin
            ? cells with
            {
                AboveLeft = TVector.Load(ref above, at - 1),
                AboveRight = TVector.Load(ref above, at + 1),
                BelowLeft = TVector.Load(ref below, at - 1),
                BelowRight = TVector.Load(ref below, at + 1),
            }
            : cells with
            {
                AboveLeft = ends.Left(ref above, j),
                AboveRight = ends.Right(ref above, j),
                BelowLeft = ends.Left(ref below, j),
                BelowRight = ends.Right(ref below, j),
            };
    }

    /// <summary>The sum over cells and those next to them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sum<T, TVector, TStencil>(in Neighbourhood<TVector> cells, in Neighbourhood<TVector> weights)
        where T : unmanaged
        where TVector : struct, IVector<TVector, T>
        where TStencil : struct, IPatternStencil<T, TVector> => TStencil.Sum(
            cells.Here, cells.Above, cells.Below, cells.Left, cells.Right, cells.AboveLeft, cells.AboveRight, cells.BelowLeft, cells.BelowRight, weights);

    /// <summary>Whether a sum of values times zero is zero: none of them was infinite or NaN.</summary>
    public static bool AreFinite<T, TVector>(TVector sum)
        where T : unmanaged
        where TVector : struct, IVector<TVector, T> =>
        TVector.SumCounts(TVector.CountSet(TVector.Zero, TVector.IsDifferent(sum, TVector.Zero))) == 0;
}
