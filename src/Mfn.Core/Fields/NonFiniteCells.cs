using System.Numerics;
using System.Runtime.CompilerServices;

namespace Mfn.Core.Fields;

/// <summary>How many cells of a field are not numbers.</summary>
/// <param name="NanCount">Cells that are NaN.</param>
/// <param name="InfinityCount">Cells that are infinite.</param>
public readonly record struct NonFiniteCells(int NanCount, int InfinityCount)
{
    /// <summary>Whether all cells are finite.</summary>
    public bool IsNone => NanCount == 0 && InfinityCount == 0;

    /// <summary>Counts them.</summary>
    public static NonFiniteCells In(ReadOnlySpan<double> cells)
    {
        var nanCount = 0;
        var infinityCount = 0;
        foreach (var cell in cells)
        {
            nanCount += double.IsNaN(cell) ? 1 : 0;
            infinityCount += double.IsInfinity(cell) ? 1 : 0;
        }

        return new NonFiniteCells(nanCount, infinityCount);
    }

    /// <summary>Whether there are any, without counting them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool AnyIn(ReadOnlySpan<double> cells)
    {
        // A number minus itself is zero; NaN and the infinities give NaN, which equals nothing.
        var isFinite = Vector<long>.AllBitsSet;
        var i = 0;
        for (; i <= cells.Length - Vector<double>.Count; i += Vector<double>.Count)
        {
            var values = new Vector<double>(cells[i..]);
            isFinite &= Vector.Equals(values - values, Vector<double>.Zero);
        }

        var isAnyNonFinite = isFinite != Vector<long>.AllBitsSet;
        for (; i < cells.Length; i++)
        {
            isAnyNonFinite |= !double.IsFinite(cells[i]);
        }

        return isAnyNonFinite;
    }

    public override string ToString() => $"{NanCount} NaN and {InfinityCount} infinite cells";
}
