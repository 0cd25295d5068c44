using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;
using Mfn.Core.Fields;
using Mfn.Core.Kinetics;
using Mfn.Core.Vectors;

namespace Mfn.Core.Simulation;

/// <summary>What the fields of a pattern are in memory: a plane a species, then what a step's parts hand on, then the mask as integers of <see cref="MaskBit"/>s.</summary>
internal static class PatternPlanes
{
    /// <summary>The planes that hold species and what parts of a step hand on: always two.</summary>
    public const int CellPlanes = 2;

    /// <summary>What lies beyond the rim, one a plane. The mask's plane is read in the cell alone.</summary>
    public static ImmutableArray<SpeciesBoundary> Boundaries(PatternSpec spec)
    {
        // What Swift and Hohenberg's first part makes of a uniform field is that field.
        ImmutableArray<SpeciesBoundary> cells = [spec.Boundaries[0], spec.Boundaries[^1]];
        return spec.Mask.IsDefaultOrEmpty ? cells : cells.Add(new(IsPeriodic(spec) ? Boundary.Periodic : Boundary.Neumann));
    }

    /// <summary>Writes the mask's plane, if there is one. A cell beyond the rim takes part where the one at the rim does.</summary>
    public static void FillMask<T>(PatternSpec spec, Span<T> plane)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = 0; i < spec.Mask.Length; i++)
        {
            var (row, column) = Math.DivRem(i, spec.ColumnCount);
            var bits = Bit(0, 0, MaskBit.Here) | Bit(-1, 0, MaskBit.Above) | Bit(1, 0, MaskBit.Below) | Bit(0, -1, MaskBit.Left) | Bit(0, 1, MaskBit.Right)
                | Bit(-1, -1, MaskBit.AboveLeft) | Bit(-1, 1, MaskBit.AboveRight) | Bit(1, -1, MaskBit.BelowLeft) | Bit(1, 1, MaskBit.BelowRight);
            plane[i] = Unsafe.SizeOf<T>() == sizeof(long) ? Unsafe.BitCast<long, T>(bits) : Unsafe.BitCast<int, T>(bits);

            int Bit(int down, int right, int bit) =>
                spec.Mask[(Within(row + down, spec.RowCount) * spec.ColumnCount) + Within(column + right, spec.ColumnCount)] ? 1 << bit : 0;
        }

        int Within(int index, int count) => IsPeriodic(spec) ? (index + count) % count : Math.Clamp(index, 0, count - 1);
    }

    /// <summary>The cells above; without a mask the sums of those above and those below, which both neighbours need as well.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Above<T, TVector, TStencil>(ref T up, ref T down, nuint at)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TVector : struct, IVector<TVector, T>
        where TStencil : struct, IPatternStencil<T, TVector> =>
        TStencil.IsMasked ? TVector.Load(ref up, at) : TVector.Load(ref up, at) + TVector.Load(ref down, at);

    /// <summary>The cells below; without a mask nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Below<T, TVector, TStencil>(ref T down, nuint at)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TVector : struct, IVector<TVector, T>
        where TStencil : struct, IPatternStencil<T, TVector> =>
        TStencil.IsMasked ? TVector.Load(ref down, at) : default;

    /// <summary>What lies before the rows that <see cref="Above"/> is of, if diagonals need it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector BeforeAbove<T, TVector, TStencil>(ref T up, ref T down, RowEnds<T, TVector> ends)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TVector : struct, IVector<TVector, T>
        where TStencil : struct, IPatternStencil<T, TVector> =>
        !TStencil.HasDiagonals ? default : TStencil.IsMasked ? ends.Before(ref up) : ends.Before(ref up) + ends.Before(ref down);

    /// <summary>What lies after the rows that <see cref="Above"/> is of, if diagonals need it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector AfterAbove<T, TVector, TStencil>(ref T up, ref T down, RowEnds<T, TVector> ends)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TVector : struct, IVector<TVector, T>
        where TStencil : struct, IPatternStencil<T, TVector> =>
        !TStencil.HasDiagonals ? default : TStencil.IsMasked ? ends.After(ref up) : ends.After(ref up) + ends.After(ref down);

    /// <summary>What lies before the row that <see cref="Below"/> is of, if diagonals need it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector BeforeBelow<T, TVector, TStencil>(ref T down, RowEnds<T, TVector> ends)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TVector : struct, IVector<TVector, T>
        where TStencil : struct, IPatternStencil<T, TVector> =>
        TStencil.HasDiagonals && TStencil.IsMasked ? ends.Before(ref down) : default;

    /// <summary>What lies after the row that <see cref="Below"/> is of, if diagonals need it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector AfterBelow<T, TVector, TStencil>(ref T down, RowEnds<T, TVector> ends)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TVector : struct, IVector<TVector, T>
        where TStencil : struct, IPatternStencil<T, TVector> =>
        TStencil.HasDiagonals && TStencil.IsMasked ? ends.After(ref down) : default;

    /// <summary>The stencil's sum over cells, of three rows by the vectors before them, of them and ahead of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sum<T, TVector, TStencil>(
        TVector centre,
        TVector before,
        TVector here,
        TVector ahead,
        TVector aboveBefore,
        TVector above,
        TVector aboveAhead,
        TVector belowBefore,
        TVector below,
        TVector belowAhead,
        TVector open)
        where T : unmanaged
        where TVector : struct, IVector<TVector, T>
        where TStencil : struct, IPatternStencil<T, TVector> => TStencil.Sum(
            centre,
            here,
            TVector.Before(before, here),
            TVector.After(here, ahead),
            above,
            below,
            TStencil.HasDiagonals ? TVector.Before(aboveBefore, above) : default,
            TStencil.HasDiagonals ? TVector.After(above, aboveAhead) : default,
            TStencil.HasDiagonals && TStencil.IsMasked ? TVector.Before(belowBefore, below) : default,
            TStencil.HasDiagonals && TStencil.IsMasked ? TVector.After(below, belowAhead) : default,
            open);

    /// <summary>Whether a sum of values times zero is zero: none of them was infinite or NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreFinite<T, TVector>(TVector sum)
        where T : unmanaged
        where TVector : struct, IVector<TVector, T> =>
        TVector.SumCounts(TVector.CountSet(TVector.Zero, TVector.IsDifferent(sum, TVector.Zero))) == 0;

    private static bool IsPeriodic(PatternSpec spec) => spec.Boundaries[0].Kind == Boundary.Periodic;
}
