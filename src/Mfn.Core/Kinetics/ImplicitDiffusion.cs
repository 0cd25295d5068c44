using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mfn.Core.Vectors;

namespace Mfn.Core.Kinetics;

/// <summary>
/// Solves (1 − λδₓ²)(1 − λδᵧ²) x = d in place, where d is a field: the alternating directions of an implicit step of diffusion. Every cell goes
/// through the same operations in the same order whatever the vectors' width and whoever solves which rows and columns.
/// </summary>
/// <remarks>Lines lie in the lanes of vectors: columns as they are in memory, rows turned by 90° in a scratch of some rows.</remarks>
internal sealed class ImplicitDiffusion<T, TVector>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct, IVector<TVector, T>
{
    private static readonly TVector OddLanes = SecondLanesOf(1);
    private static readonly TVector SecondTwoLanes = SecondLanesOf(2);
    private static readonly TVector SecondFourLanes = SecondLanesOf(4);
    private static readonly TVector SecondEightLanes = SecondLanesOf(8);

    private readonly LineFactors<T> _alongRow;
    private readonly LineFactors<T> _alongColumn;

    /// <param name="rowCount">The rows of the field.</param>
    /// <param name="columnCount">The columns of the field.</param>
    /// <param name="ratio">λ; at least 0.</param>
    /// <param name="boundary">What lies beyond the rim.</param>
    public ImplicitDiffusion(int rowCount, int columnCount, double ratio, SpeciesBoundary boundary)
    {
        _alongRow = new LineFactors<T>(columnCount, ratio, boundary);
        _alongColumn = new LineFactors<T>(rowCount, ratio, boundary);
        ScratchLength = (((Math.Max(rowCount, columnCount) + 1) * MostTurnedVectors) + MostVectors + TVector.Count) * TVector.Count;
    }

    /// <summary>Vectors of a row that are solved together, so that a cache line is taken whole.</summary>
    public static int MostVectors => 8;

    /// <summary>Vectors of rows that are turned and solved together, so that none waits for its own last cell.</summary>
    private static int MostTurnedVectors => 4;

    /// <summary>The cells of scratch that whoever solves needs.</summary>
    public int ScratchLength { get; }

    /// <summary>Solves along rows: each row of the result is that of the same row alone.</summary>
    /// <param name="first">The first row's first cell.</param>
    /// <param name="stride">The cells from one row to the next.</param>
    /// <param name="rowCount">How many rows.</param>
    /// <param name="scratch">As long as <see cref="ScratchLength"/>.</param>
    public void SolveRows(ref T first, int stride, int rowCount, Span<T> scratch)
    {
        for (var row = 0; row < rowCount; row += MostTurnedVectors * TVector.Count)
        {
            var count = Math.Min(MostTurnedVectors * TVector.Count, rowCount - row);
            ref var rows = ref Unsafe.Add(ref first, (nint)row * stride);
            SolveTurned(_alongRow, ref rows, stride, 1, count, scratch);
        }
    }

    /// <summary>Solves along columns: each column of the result is that of the same column alone.</summary>
    /// <param name="first">The first of the columns' cell in the first row.</param>
    /// <param name="stride">The cells from one row to the next.</param>
    /// <param name="columnCount">How many columns.</param>
    /// <param name="scratch">As long as <see cref="ScratchLength"/>.</param>
    public void SolveColumns(ref T first, int stride, int columnCount, Span<T> scratch)
    {
        var column = 0;
        while (column + TVector.Count <= columnCount)
        {
            var vectorCount = Math.Min(MostVectors, (columnCount - column) / TVector.Count);
            SolveLines(_alongColumn, ref Unsafe.Add(ref first, column), stride, vectorCount, scratch);
            column += vectorCount * TVector.Count;
        }

        if (column < columnCount)
        {
            ref var columns = ref Unsafe.Add(ref first, column);
            SolveTurned(_alongColumn, ref columns, 1, stride, columnCount - column, scratch);
        }
    }

    /// <summary>Turned by 90° in the scratch, and back.</summary>
    private static void SolveTurned(LineFactors<T> factors, ref T first, nint lineStride, nint cellStride, int lineCount, Span<T> scratch)
    {
        var vectorCount = (lineCount + TVector.Count - 1) / TVector.Count;
        var width = vectorCount * TVector.Count;
        var turned = scratch[..(factors.Length * width)];
        var rest = scratch[turned.Length..];
        for (var line = 0; line < lineCount; line += TVector.Count)
        {
            var count = Math.Min(TVector.Count, lineCount - line);
            Turn(ref Unsafe.Add(ref first, line * lineStride), lineStride, cellStride, count, factors.Length, turned[line..], width, rest);
        }

        SolveLines(factors, ref MemoryMarshal.GetReference(turned), width, vectorCount, rest);
        for (var line = 0; line < lineCount; line += TVector.Count)
        {
            var count = Math.Min(TVector.Count, lineCount - line);
            TurnBack(turned[line..], width, ref Unsafe.Add(ref first, line * lineStride), lineStride, cellStride, count, factors.Length, rest);
        }
    }

    /// <summary>As many lines as there are lanes in the vectors.</summary>
    /// <param name="factors">The lines' factors.</param>
    /// <param name="first">The lines' first cells.</param>
    /// <param name="stride">The cells from one cell of a line to the next.</param>
    /// <param name="vectorCount">How many vectors of lines.</param>
    /// <param name="scratch">Room for a vector's cells for each.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SolveLines(LineFactors<T> factors, ref T first, nint stride, int vectorCount, Span<T> scratch)
    {
        var cellCount = (nuint)(vectorCount * TVector.Count);
        var closed = scratch[..(int)cellCount];
        ref var last = ref Unsafe.Add(ref first, (factors.Length - 1) * stride);
        AddRimSource(factors, ref first, ref last, cellCount);
        if (!factors.IsClosed)
        {
            Eliminate(factors, ref first, stride, factors.Length, cellCount, closed);
            Substitute(factors.Carry, ref first, stride, factors.Length, cellCount);
            return;
        }

        // What is left is one line of all cells but the last, twice: with the right side, and with the last cell's share, whose solution is known.
        var count = factors.Length - 1;
        Eliminate(factors, ref first, stride, count, cellCount, closed);
        SolveLast(factors, ref Unsafe.Add(ref first, (count - 1) * stride), ref last, cellCount, closed);
        SubstituteClosed(factors, ref first, ref last, stride, count, cellCount, closed);
    }

    private static void AddRimSource(LineFactors<T> factors, ref T first, ref T last, nuint cellCount)
    {
        if (factors.RimSource == T.Zero)
        {
            return;
        }

        var source = TVector.Create(factors.RimSource);
        for (nuint j = 0; j < cellCount; j += (nuint)TVector.Count)
        {
            TVector.Store(TVector.Load(ref first, j) + source, ref first, j);
            TVector.Store(TVector.Load(ref last, j) + source, ref last, j);
        }
    }

    /// <summary>Forward, adding up the first cell's sum in a closed line.</summary>
    private static void Eliminate(LineFactors<T> factors, ref T first, nint stride, int count, nuint cellCount, Span<T> sums)
    {
        ref var sum = ref MemoryMarshal.GetReference(sums);
        var weights = factors.Weight;
        ref var here = ref first;
        for (var i = 0; i < count; i++)
        {
            var inverse = TVector.Create(factors.Inverse[i]);
            var carry = TVector.Create(factors.Carry[i]);
            var weight = weights.Length > 0 ? weights[i] : T.Zero;
            ref var before = ref Unsafe.Subtract(ref here, i == 0 ? 0 : stride);
            for (nuint j = 0; j < cellCount; j += (nuint)TVector.Count)
            {
                var value = inverse * TVector.Load(ref here, j);
                if (i > 0)
                {
                    value = TVector.FusedMultiplyAdd(carry, TVector.Load(ref before, j), value);
                }

                TVector.Store(value, ref here, j);
                if (weight != T.Zero)
                {
                    TVector.Store(i == 0 ? value : TVector.FusedMultiplyAdd(TVector.Create(weight), value, TVector.Load(ref sum, j)), ref sum, j);
                }
            }

            here = ref Unsafe.Add(ref here, stride);
        }
    }

    /// <summary>Backward.</summary>
    private static void Substitute(T[] carries, ref T first, nint stride, int count, nuint cellCount)
    {
        ref var here = ref Unsafe.Add(ref first, (count - 1) * stride);
        for (var i = count - 2; i >= 0; i--)
        {
            ref var after = ref here;
            here = ref Unsafe.Subtract(ref here, stride);
            var carry = TVector.Create(carries[i]);
            for (nuint j = 0; j < cellCount; j += (nuint)TVector.Count)
            {
                TVector.Store(TVector.FusedMultiplyAdd(carry, TVector.Load(ref after, j), TVector.Load(ref here, j)), ref here, j);
            }
        }
    }

    /// <summary>The last cell of a closed line, from the sums and the one before it.</summary>
    private static void SolveLast(LineFactors<T> factors, ref T beforeLast, ref T last, nuint cellCount, Span<T> sums)
    {
        ref var sum = ref MemoryMarshal.GetReference(sums);
        var (ratio, inverse) = (TVector.Create(factors.Ratio), TVector.Create(factors.LastInverse));
        for (nuint j = 0; j < cellCount; j += (nuint)TVector.Count)
        {
            var neighbours = TVector.Load(ref beforeLast, j) + TVector.Load(ref sum, j);
            TVector.Store(TVector.FusedMultiplyAdd(ratio, neighbours, TVector.Load(ref last, j)) * inverse, ref last, j);
        }
    }

    /// <summary>Backward, each cell with the last one's share, which the next one's substitution must not see.</summary>
    private static void SubstituteClosed(LineFactors<T> factors, ref T first, ref T last, nint stride, int count, nuint cellCount, Span<T> scratch)
    {
        ref var alone = ref MemoryMarshal.GetReference(scratch);
        ref var here = ref Unsafe.Add(ref first, (count - 1) * stride);
        for (var i = count - 1; i >= 0; i--)
        {
            var carry = TVector.Create(factors.Carry[i]);
            var fill = TVector.Create(factors.Fill[i]);
            for (nuint j = 0; j < cellCount; j += (nuint)TVector.Count)
            {
                var value = TVector.Load(ref here, j);
                if (i < count - 1)
                {
                    value = TVector.FusedMultiplyAdd(carry, TVector.Load(ref alone, j), value);
                }

                TVector.Store(value, ref alone, j);
                TVector.Store(TVector.FusedMultiplyAdd(fill, TVector.Load(ref last, j), value), ref here, j);
            }

            here = ref Unsafe.Subtract(ref here, i == 0 ? 0 : stride);
        }
    }

    /// <summary>Writes lines beside one another: a vector holds as many as it has lanes, those beyond the last as the last.</summary>
    private static void Turn(
        ref T first, nint lineStride, nint cellStride, int lineCount, int length, Span<T> turned, int width, Span<T> scratch)
    {
        var done = 0;
        if (lineCount == TVector.Count && cellStride == 1)
        {
            for (; done + TVector.Count <= length; done += TVector.Count)
            {
                Transpose(ref Unsafe.Add(ref first, done), lineStride, ref turned[done * width], width, ref MemoryMarshal.GetReference(scratch));
            }
        }

        for (var line = 0; line < TVector.Count; line++)
        {
            ref var source = ref Unsafe.Add(ref first, Math.Min(line, lineCount - 1) * lineStride);
            for (int i = done, at = (done * width) + line; i < length; i++, at += width)
            {
                turned[at] = Unsafe.Add(ref source, i * cellStride);
            }
        }
    }

    private static void TurnBack(
        Span<T> turned, int width, ref T first, nint lineStride, nint cellStride, int lineCount, int length, Span<T> scratch)
    {
        var done = 0;
        if (lineCount == TVector.Count && cellStride == 1)
        {
            for (; done + TVector.Count <= length; done += TVector.Count)
            {
                Transpose(ref turned[done * width], width, ref Unsafe.Add(ref first, done), lineStride, ref MemoryMarshal.GetReference(scratch));
            }
        }

        for (var line = 0; line < lineCount; line++)
        {
            ref var destination = ref Unsafe.Add(ref first, line * lineStride);
            for (int i = done, at = (done * width) + line; i < length; i++, at += width)
            {
                Unsafe.Add(ref destination, i * cellStride) = turned[at];
            }
        }
    }

    /// <summary>Transposes a square of as many vectors as they have lanes: blocks off the diagonal change places, of one cell, of two, and so on.</summary>
    private static void Transpose(ref T source, nint sourceStride, ref T destination, nint destinationStride, ref T scratch)
    {
        nint scratchStride = TVector.Count;
        if (TVector.Count == 2)
        {
            Exchange(1, ref source, sourceStride, ref destination, destinationStride);
            return;
        }

        Exchange(1, ref source, sourceStride, ref scratch, scratchStride);
        if (TVector.Count == 4)
        {
            Exchange(2, ref scratch, scratchStride, ref destination, destinationStride);
            return;
        }

        Exchange(2, ref scratch, scratchStride, ref scratch, scratchStride);
        if (TVector.Count == 8)
        {
            Exchange(4, ref scratch, scratchStride, ref destination, destinationStride);
            return;
        }

        Exchange(4, ref scratch, scratchStride, ref scratch, scratchStride);
        Exchange(8, ref scratch, scratchStride, ref destination, destinationStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Exchange(int distance, ref T source, nint sourceStride, ref T destination, nint destinationStride)
    {
        var isSecond = SecondLanes(distance);
        for (var pair = 0; pair < TVector.Count; pair += 2 * distance)
        {
            for (var i = pair; i < pair + distance; i++)
            {
                var first = TVector.Load(ref Unsafe.Add(ref source, i * sourceStride), 0);
                var second = TVector.Load(ref Unsafe.Add(ref source, (i + distance) * sourceStride), 0);
                TVector.Store(
                    TVector.Select(isSecond, TVector.Rotate(second, TVector.Count - distance), first), ref Unsafe.Add(ref destination, i * destinationStride), 0);
                TVector.Store(
                    TVector.Select(isSecond, second, TVector.Rotate(first, distance)), ref Unsafe.Add(ref destination, (i + distance) * destinationStride), 0);
            }
        }
    }

    /// <summary>All bits in the second half of each group of twice as many lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector SecondLanes(int distance) => distance switch
    {
        1 => OddLanes,
        2 => SecondTwoLanes,
        4 => SecondFourLanes,
        _ => SecondEightLanes,
    };

    private static TVector SecondLanesOf(int distance)
    {
        Span<T> lanes = stackalloc T[TVector.Count];
        for (var i = 0; i < lanes.Length; i++)
        {
            lanes[i] = (i & distance) != 0 ? T.One : T.Zero;
        }

        return TVector.IsGreater(TVector.Load(ref lanes[0], 0), TVector.Zero);
    }
}
