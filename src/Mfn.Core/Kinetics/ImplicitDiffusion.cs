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
        ScratchLength = (Math.Max(rowCount, columnCount) + MostVectors) * TVector.Count;
    }

    /// <summary>Vectors of a row that are solved together, so that a cache line is taken whole.</summary>
    public static int MostVectors => 8;

    /// <summary>The cells of scratch that whoever solves needs.</summary>
    public int ScratchLength { get; }

    /// <summary>Solves along rows: each row of the result is that of the same row alone.</summary>
    /// <param name="first">The first row's first cell.</param>
    /// <param name="stride">The cells from one row to the next.</param>
    /// <param name="rowCount">How many rows.</param>
    /// <param name="scratch">As long as <see cref="ScratchLength"/>.</param>
    public void SolveRows(ref T first, int stride, int rowCount, Span<T> scratch)
    {
        for (var row = 0; row < rowCount; row += TVector.Count)
        {
            var count = Math.Min(TVector.Count, rowCount - row);
            ref var rows = ref Unsafe.Add(ref first, (nint)row * stride);
            Turn(ref rows, stride, 1, count, _alongRow.Length, scratch);
            SolveScratch(_alongRow, scratch);
            TurnBack(scratch, ref rows, stride, 1, count, _alongRow.Length);
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
            Turn(ref columns, 1, stride, columnCount - column, _alongColumn.Length, scratch);
            SolveScratch(_alongColumn, scratch);
            TurnBack(scratch, ref columns, 1, stride, columnCount - column, _alongColumn.Length);
        }
    }

    private static void SolveScratch(LineFactors<T> factors, Span<T> scratch)
    {
        var lines = factors.Length * TVector.Count;
        SolveLines(factors, ref MemoryMarshal.GetReference(scratch), TVector.Count, 1, scratch[lines..]);
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
    private static void Turn(ref T first, nint lineStride, nint cellStride, int lineCount, int length, Span<T> scratch)
    {
        for (var line = 0; line < TVector.Count; line++)
        {
            ref var source = ref Unsafe.Add(ref first, Math.Min(line, lineCount - 1) * lineStride);
            for (int i = 0, at = line; i < length; i++, at += TVector.Count)
            {
                scratch[at] = Unsafe.Add(ref source, i * cellStride);
            }
        }
    }

    private static void TurnBack(ReadOnlySpan<T> scratch, ref T first, nint lineStride, nint cellStride, int lineCount, int length)
    {
        for (var line = 0; line < lineCount; line++)
        {
            ref var destination = ref Unsafe.Add(ref first, line * lineStride);
            for (int i = 0, at = line; i < length; i++, at += TVector.Count)
            {
                Unsafe.Add(ref destination, i * cellStride) = scratch[at];
            }
        }
    }
}
