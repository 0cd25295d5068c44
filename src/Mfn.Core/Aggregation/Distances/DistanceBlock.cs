using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Mfn.Core.Aggregation.Updates;
using Mfn.Core.Vectors;

namespace Mfn.Core.Aggregation.Distances;

/// <summary>
/// A few components of all updates, packed so that they stay in the caches, and the squared distances over just these components. They
/// are a fixed sum: 64 bytes of lanes, of which lane l adds the squared differences of components l, l + 16, … (in double l, l + 8, …)
/// one after the other, each with one rounding of the difference and one of the fused sum; then lane l + m is added to lane l for
/// m = 8, 4, 2, 1, the last two in double. So the register's width, the tile's shape and the place in it make no difference.
/// </summary>
/// <typeparam name="T">What is computed in: float or double.</typeparam>
internal sealed class DistanceBlock<T>
    where T : unmanaged
{
    private const int RowsPerTile = 4;
    private const int ColumnsPerTile = 2;

    // So many rows stay in the second-level cache while all others pass by.
    private const int ColumnsPerGroup = 32;

    // Rows must not begin at the same place of a page, or they push one another out of the first-level cache.
    private const int PaddingBytes = 320;

    // What is smaller may have lost digits to underflow: 2^-149 for each of 1024 products, against 24 bits of the sum.
    private static readonly double SmallestAccurateSum = Math.ScaleB(1, -100);

    private readonly int _rowLength;
    private readonly int _stride;
    private readonly Memory<T> _rows;
    private readonly T[] _lanes = new T[RowsPerTile * ColumnsPerTile * LaneCount];

    /// <summary>Zeros for so many updates of so many components, of which it has no more room than a block may have.</summary>
    public DistanceBlock(int count, int length)
    {
        Count = count;
        _rowLength = (Math.Min(length, Capacity) + LaneCount - 1) / LaneCount * LaneCount;
        _stride = _rowLength + (PaddingBytes / Unsafe.SizeOf<T>());
        _rows = LineMemory.Allocate<T>((count + RowsPerTile - 1) / RowsPerTile * RowsPerTile * _stride);
    }

    /// <summary>The updates; less than there is room for if a block is used again.</summary>
    public int Count { get; set; }

    /// <summary>The components that a block has room for at most.</summary>
    public static int Capacity => 4096 / Unsafe.SizeOf<T>();

    private static int LaneCount => 64 / Unsafe.SizeOf<T>();

    /// <summary>Takes components of one update.</summary>
    public void Write(int update, int offset, ReadOnlySpan<float> components)
    {
        if (typeof(T) == typeof(float))
        {
            components.CopyTo(MemoryMarshal.Cast<T, float>(Row(update)[offset..]));
        }
        else
        {
            Widening.Copy(components, MemoryMarshal.Cast<T, double>(Row(update)[offset..]));
        }
    }

    /// <summary>Adds the squared distances over the first components to those above the diagonal of an n x n matrix.</summary>
    public void AddTo(Span<double> squared, int length, CancellationToken cancellationToken = default)
    {
        // What is left of a block before adds nothing if it is 0 in all rows.
        var end = (length + LaneCount - 1) / LaneCount * LaneCount;
        for (var update = 0; update < Count && length < end; update++)
        {
            Row(update)[length..end].Clear();
        }

        if (Vector512.IsHardwareAccelerated)
        {
            AddTiles<Bits512<T>>(squared, end, cancellationToken);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            AddTiles<Bits256<T>>(squared, end, cancellationToken);
        }
        else
        {
            AddTiles<Bits128<T>>(squared, end, cancellationToken);
        }
    }

    private Span<T> Rows(int first, int count) => _rows.Span.Slice(first * _stride, count * _stride);

    private Span<T> Row(int update) => _rows.Span.Slice(update * _stride, _rowLength);

    private void AddTiles<TVector>(Span<double> squared, int length, CancellationToken cancellationToken)
        where TVector : struct, IVector<TVector, T>
    {
        for (var group = 0; group < Count; group += ColumnsPerGroup)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var groupEnd = Math.Min(group + ColumnsPerGroup, Count);
            for (var row = 0; row < groupEnd; row += RowsPerTile)
            {
                if (row >= group)
                {
                    AddTriangle<TVector>(squared, row, length);
                }

                for (var column = Math.Max(row + RowsPerTile, group); column < groupEnd; column += ColumnsPerTile)
                {
                    AddTile<TVector>(squared, row, column, length);
                }
            }
        }
    }

    /// <summary>Adds the pairs among the rows of a tile.</summary>
    private void AddTriangle<TVector>(Span<double> squared, int row, int length)
        where TVector : struct, IVector<TVector, T>
    {
        SumTriangle<TVector>(Rows(row, RowsPerTile), _stride, length, _lanes);
        var pair = 0;
        for (var i = 0; i < RowsPerTile; i++)
        {
            for (var j = i + 1; j < RowsPerTile; j++)
            {
                AddPair(squared, row + i, row + j, pair++, length);
            }
        }
    }

    /// <summary>Adds the pairs of the rows of a tile with its columns, which are further on.</summary>
    private void AddTile<TVector>(Span<double> squared, int row, int column, int length)
        where TVector : struct, IVector<TVector, T>
    {
        SumTile<TVector>(Rows(row, RowsPerTile), Rows(column, ColumnsPerTile), _stride, length, _lanes);
        for (var pair = 0; pair < RowsPerTile * ColumnsPerTile; pair++)
        {
            AddPair(squared, row + (pair / ColumnsPerTile), column + (pair % ColumnsPerTile), pair, length);
        }
    }

    /// <summary>Adds what the lanes have of a pair, if there are such updates.</summary>
    private void AddPair(Span<double> squared, int i, int j, int pair, int length)
    {
        if (j < Count)
        {
            var sum = SumOf(_lanes.AsSpan(pair * LaneCount, LaneCount));
            squared[(i * Count) + j] += typeof(T) == typeof(double) || (sum >= SmallestAccurateSum && sum <= double.MaxValue)
                ? sum
                : SumInDouble(i, j, length);
        }
    }

    /// <summary>The lanes' sums of all pairs of four rows, which are a stride apart.</summary>
    private static void SumTriangle<TVector>(ReadOnlySpan<T> rows, int rowStride, int length, Span<T> lanes)
        where TVector : struct, IVector<TVector, T>
    {
        // No load is beyond the last row's end, as the length is at most a stride, and both are whole lanes.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, rowStride);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows.Length, RowsPerTile * rowStride);
        ArgumentOutOfRangeException.ThrowIfLessThan(lanes.Length, RowsPerTile * ColumnsPerTile * LaneCount);
        ref var x = ref MemoryMarshal.GetReference(rows);
        var stride = (nuint)rowStride;
        for (var lane = 0; lane < LaneCount; lane += TVector.Count)
        {
            var (sum01, sum02, sum03) = (TVector.Zero, TVector.Zero, TVector.Zero);
            var (sum12, sum13, sum23) = (TVector.Zero, TVector.Zero, TVector.Zero);
            for (var k = (nuint)lane; k < (nuint)length; k += (nuint)LaneCount)
            {
                var x0 = TVector.Load(ref x, k);
                var x1 = TVector.Load(ref x, k + stride);
                var x2 = TVector.Load(ref x, k + (2 * stride));
                var x3 = TVector.Load(ref x, k + (3 * stride));
                sum01 = PlusSquare(sum01, x0, x1);
                sum02 = PlusSquare(sum02, x0, x2);
                sum03 = PlusSquare(sum03, x0, x3);
                sum12 = PlusSquare(sum12, x1, x2);
                sum13 = PlusSquare(sum13, x1, x3);
                sum23 = PlusSquare(sum23, x2, x3);
            }

            ref var to = ref MemoryMarshal.GetReference(lanes[lane..]);
            TVector.Store(sum01, ref to, 0);
            TVector.Store(sum02, ref to, (nuint)LaneCount);
            TVector.Store(sum03, ref to, (nuint)(2 * LaneCount));
            TVector.Store(sum12, ref to, (nuint)(3 * LaneCount));
            TVector.Store(sum13, ref to, (nuint)(4 * LaneCount));
            TVector.Store(sum23, ref to, (nuint)(5 * LaneCount));
        }
    }

    /// <summary>The lanes' sums of all pairs of a tile, whose rows are a stride apart.</summary>
    private static void SumTile<TVector>(ReadOnlySpan<T> left, ReadOnlySpan<T> right, int rowStride, int length, Span<T> lanes)
        where TVector : struct, IVector<TVector, T>
    {
        // No load is beyond the last row's end, as the length is at most a stride, and both are whole lanes.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, rowStride);
        ArgumentOutOfRangeException.ThrowIfLessThan(left.Length, RowsPerTile * rowStride);
        ArgumentOutOfRangeException.ThrowIfLessThan(right.Length, ColumnsPerTile * rowStride);
        ArgumentOutOfRangeException.ThrowIfLessThan(lanes.Length, RowsPerTile * ColumnsPerTile * LaneCount);
        ref var x = ref MemoryMarshal.GetReference(left);
        ref var y = ref MemoryMarshal.GetReference(right);
        var stride = (nuint)rowStride;
        var end = (nuint)length;
        for (var lane = 0; lane < LaneCount; lane += TVector.Count)
        {
            var (sum00, sum01, sum10, sum11) = (TVector.Zero, TVector.Zero, TVector.Zero, TVector.Zero);
            var (sum20, sum21, sum30, sum31) = (TVector.Zero, TVector.Zero, TVector.Zero, TVector.Zero);
            for (var k = (nuint)lane; k < end; k += (nuint)LaneCount)
            {
                var y0 = TVector.Load(ref y, k);
                var y1 = TVector.Load(ref y, k + stride);
                var x0 = TVector.Load(ref x, k);
                sum00 = PlusSquare(sum00, x0, y0);
                sum01 = PlusSquare(sum01, x0, y1);
                var x1 = TVector.Load(ref x, k + stride);
                sum10 = PlusSquare(sum10, x1, y0);
                sum11 = PlusSquare(sum11, x1, y1);
                var x2 = TVector.Load(ref x, k + (2 * stride));
                sum20 = PlusSquare(sum20, x2, y0);
                sum21 = PlusSquare(sum21, x2, y1);
                var x3 = TVector.Load(ref x, k + (3 * stride));
                sum30 = PlusSquare(sum30, x3, y0);
                sum31 = PlusSquare(sum31, x3, y1);
            }

            ref var to = ref MemoryMarshal.GetReference(lanes[lane..]);
            TVector.Store(sum00, ref to, 0);
            TVector.Store(sum01, ref to, (nuint)LaneCount);
            TVector.Store(sum10, ref to, (nuint)(2 * LaneCount));
            TVector.Store(sum11, ref to, (nuint)(3 * LaneCount));
            TVector.Store(sum20, ref to, (nuint)(4 * LaneCount));
            TVector.Store(sum21, ref to, (nuint)(5 * LaneCount));
            TVector.Store(sum30, ref to, (nuint)(6 * LaneCount));
            TVector.Store(sum31, ref to, (nuint)(7 * LaneCount));
        }
    }

    /// <summary>A sum plus (left - right)², where the difference is rounded and then the whole.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector PlusSquare<TVector>(TVector sum, TVector left, TVector right)
        where TVector : struct, IVector<TVector, T>
    {
        var difference = left - right;
        return TVector.FusedMultiplyAdd(difference, difference, sum);
    }

    private static double SumOf(ReadOnlySpan<T> lanes)
    {
        Vector128<double> pair;
        if (typeof(T) == typeof(float))
        {
            var single = MemoryMarshal.Cast<T, float>(lanes);
            var (lower, upper) = Vector128.Widen(
                (Vector128.Create(single) + Vector128.Create(single[8..])) + (Vector128.Create(single[4..]) + Vector128.Create(single[12..])));
            pair = lower + upper;
        }
        else
        {
            var wide = MemoryMarshal.Cast<T, double>(lanes);
            pair = (Vector128.Create(wide) + Vector128.Create(wide[4..])) + (Vector128.Create(wide[2..]) + Vector128.Create(wide[6..]));
        }

        return pair[0] + pair[1];
    }

    /// <summary>The squared distance over this block of what a float cannot hold.</summary>
    private double SumInDouble(int i, int j, int length)
    {
        var left = MemoryMarshal.Cast<T, float>(Row(i)[..length]);
        var right = MemoryMarshal.Cast<T, float>(Row(j)[..length]);
        var sum = 0.0;
        if (!left.SequenceEqual(right))
        {
            for (var k = 0; k < length; k++)
            {
                var difference = (double)left[k] - right[k];
                sum += difference * difference;
            }
        }

        return sum;
    }
}
