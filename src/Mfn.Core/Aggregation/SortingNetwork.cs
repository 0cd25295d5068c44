using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Mfn.Core.Aggregation;

/// <summary>
/// Sorts the columns of a small matrix, a vector of columns at a time: the comparisons are the same whatever the values, so that there
/// are no branches to mispredict. Comparisons that cannot reach the rows that are wanted are left out.
/// </summary>
/// <remarks>
/// K. E. Batcher, "Sorting networks and their applications", 1968: odd-even merge sort, for any number of rows as if those that are
/// missing were infinite. Runs of eight are sorted in registers, and then as many comparisons as possible are made three at a time on
/// four rows in registers, as otherwise stores would take most of the time.
/// </remarks>
internal sealed class SortingNetwork
{
    /// <summary>The columns of a matrix that is sorted.</summary>
    public const int Width = 16;

    private const int RunLength = 8;

    private readonly int _rowCount;
    private readonly int _runCount;
    private readonly Step[] _steps;

    /// <summary>The network for so many rows, of which those from the first to before the last will be in their places.</summary>
    public SortingNetwork(int rowCount, int first, int last)
    {
        _rowCount = rowCount;
        _runCount = rowCount / RunLength;
        _steps = [.. Join(Prune(Comparators(rowCount), first, last).Where(c => c.Size >= RunLength || c.Upper >= _runCount * RunLength))];
    }

    /// <summary>Sorts every column; no value may be NaN or -0, which machines put in different places.</summary>
    /// <param name="rows">Rows of <see cref="Width"/> values, one after another.</param>
    public void Sort(Span<float> rows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows.Length, _rowCount * Width);
        ref var first = ref MemoryMarshal.GetReference(rows);
        for (var run = 0; run < _runCount; run++)
        {
            for (nuint column = 0; column < Width; column += (nuint)Vector<float>.Count)
            {
                SortRun(ref Unsafe.Add(ref first, ((nuint)run * RunLength * Width) + column));
            }
        }

        foreach (var (upper, distance, isQuad) in _steps)
        {
            ref var row = ref Unsafe.Add(ref first, upper);
            for (nuint column = 0; column < Width; column += (nuint)Vector<float>.Count)
            {
                if (isQuad)
                {
                    CompareFour(ref Unsafe.Add(ref row, column), distance);
                }
                else
                {
                    Compare(ref Unsafe.Add(ref row, column), distance);
                }
            }
        }
    }

    /// <summary>Comparators by level; on each level a row is in one at most.</summary>
    private static List<Comparator> Comparators(int rowCount)
    {
        var comparators = new List<Comparator>();
        for (var size = 1; size < rowCount; size *= 2)
        {
            for (var distance = size; distance >= 1; distance /= 2)
            {
                for (var start = distance % size; start + distance < rowCount; start += 2 * distance)
                {
                    for (var i = start; i < Math.Min(start + distance, rowCount - distance); i++)
                    {
                        if (i / (2 * size) == (i + distance) / (2 * size))
                        {
                            comparators.Add(new Comparator(size, distance, i));
                        }
                    }
                }
            }
        }

        return comparators;
    }

    private static Stack<Comparator> Prune(List<Comparator> comparators, int first, int last)
    {
        var wanted = new Stack<Comparator>();
        var isWanted = Enumerable.Range(first, last - first).ToHashSet();
        foreach (var comparator in Enumerable.Reverse(comparators))
        {
            if (isWanted.Contains(comparator.Upper) || isWanted.Contains(comparator.Upper + comparator.Distance))
            {
                isWanted.UnionWith([comparator.Upper, comparator.Upper + comparator.Distance]);
                wanted.Push(comparator);
            }
        }

        return wanted;
    }

    /// <summary>Joins the first with the third row, the second with the fourth and then the two in between, where all three are wanted.</summary>
    private static IEnumerable<Step> Join(IEnumerable<Comparator> comparators)
    {
        var left = comparators.ToList();
        var isLeft = left.ToHashSet();
        var isQuad = new Dictionary<Comparator, bool>();

        // A level and the next with half the distance, then the level after these.
        foreach (var merge in left.GroupBy(comparator => comparator.Size))
        {
            for (var distance = merge.Key; distance >= 2; distance /= 4)
            {
                foreach (var comparator in merge.Where(comparator => comparator.Distance == distance))
                {
                    var half = distance / 2;
                    var second = comparator with { Upper = comparator.Upper + half };
                    var between = new Comparator(merge.Key, half, comparator.Upper + half);
                    if (isLeft.Contains(comparator) && isLeft.Contains(second) && isLeft.Contains(between))
                    {
                        isQuad[comparator] = true;
                        isLeft.ExceptWith([comparator, second, between]);
                    }
                }
            }
        }

        return left.Where(comparator => isLeft.Contains(comparator) || isQuad.ContainsKey(comparator)).Select(comparator =>
            isQuad.ContainsKey(comparator)
                ? new Step((nuint)(comparator.Upper * Width), (nuint)(comparator.Distance / 2 * Width), true)
                : new Step((nuint)(comparator.Upper * Width), (nuint)(comparator.Distance * Width), false));
    }

    private static void SortRun(ref float first)
    {
        var a = Vector.LoadUnsafe(in first);
        var b = Vector.LoadUnsafe(in first, Width);
        var c = Vector.LoadUnsafe(in first, 2 * Width);
        var d = Vector.LoadUnsafe(in first, 3 * Width);
        var e = Vector.LoadUnsafe(in first, 4 * Width);
        var f = Vector.LoadUnsafe(in first, 5 * Width);
        var g = Vector.LoadUnsafe(in first, 6 * Width);
        var h = Vector.LoadUnsafe(in first, 7 * Width);
        SortFour(ref a, ref b, ref c, ref d);
        SortFour(ref e, ref f, ref g, ref h);
        Exchange(ref a, ref e);
        Exchange(ref b, ref f);
        Exchange(ref c, ref g);
        Exchange(ref d, ref h);
        Exchange(ref c, ref e);
        Exchange(ref d, ref f);
        Exchange(ref b, ref c);
        Exchange(ref d, ref e);
        Exchange(ref f, ref g);
        a.StoreUnsafe(ref first);
        b.StoreUnsafe(ref first, Width);
        c.StoreUnsafe(ref first, 2 * Width);
        d.StoreUnsafe(ref first, 3 * Width);
        e.StoreUnsafe(ref first, 4 * Width);
        f.StoreUnsafe(ref first, 5 * Width);
        g.StoreUnsafe(ref first, 6 * Width);
        h.StoreUnsafe(ref first, 7 * Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SortFour(ref Vector<float> a, ref Vector<float> b, ref Vector<float> c, ref Vector<float> d)
    {
        Exchange(ref a, ref b);
        Exchange(ref c, ref d);
        Exchange(ref a, ref c);
        Exchange(ref b, ref d);
        Exchange(ref b, ref c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CompareFour(ref float first, nuint stride)
    {
        var a = Vector.LoadUnsafe(in first);
        var b = Vector.LoadUnsafe(in first, stride);
        var c = Vector.LoadUnsafe(in first, 2 * stride);
        var d = Vector.LoadUnsafe(in first, 3 * stride);
        Exchange(ref a, ref c);
        Exchange(ref b, ref d);
        Exchange(ref b, ref c);
        a.StoreUnsafe(ref first);
        b.StoreUnsafe(ref first, stride);
        c.StoreUnsafe(ref first, 2 * stride);
        d.StoreUnsafe(ref first, 3 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Compare(ref float first, nuint stride)
    {
        var a = Vector.LoadUnsafe(in first);
        var b = Vector.LoadUnsafe(in first, stride);
        Exchange(ref a, ref b);
        a.StoreUnsafe(ref first);
        b.StoreUnsafe(ref first, stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Exchange(ref Vector<float> upper, ref Vector<float> lower) =>
        (upper, lower) = (Vector.MinNative(upper, lower), Vector.MaxNative(upper, lower));

    /// <summary>Puts the smaller value into the upper row; of a merge of runs of a size.</summary>
    private readonly record struct Comparator(int Size, int Distance, int Upper);

    /// <summary>A comparator, or three on four rows; places and distances are those of values.</summary>
    private readonly record struct Step(nuint Upper, nuint Distance, bool IsQuad);
}
