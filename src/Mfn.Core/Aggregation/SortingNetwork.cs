using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Mfn.Core.Aggregation;

/// <summary>
/// Sorts the columns of a small matrix, a vector of columns at a time: the comparisons are the same whatever the values, so that there
/// are no branches to mispredict. Steps that cannot reach the rows that are wanted are left out.
/// </summary>
/// <remarks>
/// K. E. Batcher, "Sorting networks and their applications", 1968: bitonic merges, for any number of rows as if those that are missing
/// were infinite. They take more comparisons than odd-even merges, but these fall into equal groups that are made in registers, where
/// loads and stores would otherwise take most of the time. Runs of sixteen are sorted in registers too, by M. W. Green's network, 1969.
/// </remarks>
internal sealed class SortingNetwork
{
    /// <summary>The columns of a matrix that is sorted.</summary>
    public const int Width = 32;

    private const int RunLength = 16;

    private readonly Step[] _steps;

    /// <summary>The network for so many rows, of which those from the first to before the last will be in their places.</summary>
    public SortingNetwork(int rowCount, int first, int last)
    {
        SourceRowCount = Math.Max(1, (rowCount + RunLength - 1) / RunLength) * RunLength;
        SortedRowCount = (int)BitOperations.RoundUpToPowerOf2((uint)SourceRowCount);
        _steps = Prune(Steps(rowCount), first, last);
    }

    /// <summary>The rows that a source must have. Those that are too many must be infinite.</summary>
    public int SourceRowCount { get; }

    /// <summary>The rows that a destination must have. Those beyond the source's must be <see cref="int.MaxValue"/>, and stay so.</summary>
    public int SortedRowCount { get; }

    /// <summary>Turns keys into the bits of the floats that they stand for; whole vectors.</summary>
    public static void Reorder(Span<int> keys)
    {
        for (var i = 0; i < keys.Length; i += Vector<int>.Count)
        {
            Reorder(new Vector<int>(keys[i..])).CopyTo(keys[i..]);
        }
    }

    /// <summary>Sorts every column. No value may be NaN; -0 becomes 0.</summary>
    /// <param name="source">Rows of values.</param>
    /// <param name="stride">How far apart the rows are.</param>
    /// <param name="sorted">Gets rows of <see cref="Width"/> keys.</param>
    public void Sort(ReadOnlySpan<float> source, int stride, Span<int> sorted)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(source.Length, ((SourceRowCount - 1) * stride) + Width);
        ArgumentOutOfRangeException.ThrowIfLessThan(sorted.Length, SortedRowCount * Width);
        ref var from = ref MemoryMarshal.GetReference(source);
        ref var first = ref MemoryMarshal.GetReference(sorted);
        for (nuint row = 0; row < (nuint)SourceRowCount; row += RunLength)
        {
            for (nuint column = 0; column < Width; column += (nuint)Vector<int>.Count)
            {
                SortRun(ref Unsafe.Add(ref from, (row * (nuint)stride) + column), (nuint)stride, ref Unsafe.Add(ref first, (row * Width) + column));
            }
        }

        foreach (var (kind, row, distance, second) in _steps)
        {
            for (nuint column = 0; column < Width; column += (nuint)Vector<int>.Count)
            {
                ref var place = ref Unsafe.Add(ref first, row + column);
                switch (kind)
                {
                    case StepKind.MergeEight:
                        MergeEight(ref place, ref Unsafe.Add(ref first, second + column), distance);
                        break;
                    case StepKind.HalveSixteen:
                        HalveSixteen(ref place);
                        break;
                    case StepKind.HalveEight:
                        HalveEight(ref place, distance);
                        break;
                    case StepKind.HalveFour:
                        HalveFour(ref place);
                        break;
                    default:
                        HalveTwo(ref place);
                        break;
                }
            }
        }
    }

    /// <summary>Merges of sorted runs, each three distances at a time while there are as many.</summary>
    private static List<Step> Steps(int rowCount)
    {
        var steps = new List<Step>();
        for (var size = RunLength; size < rowCount; size *= 2)
        {
            // A run without another to merge with is as it should be.
            for (var start = 0; start + size < rowCount; start += 2 * size)
            {
                var end = Math.Min(start + (2 * size), rowCount);
                var stride = size / 4;
                for (var i = 0; i < stride; i++)
                {
                    // Nothing changes if the four backwards from the end are all missing.
                    var second = start + size + stride - 1 - i;
                    if (second < rowCount)
                    {
                        steps.Add(new Step(StepKind.MergeEight, start + i, stride, second));
                    }
                }

                while (stride > 1)
                {
                    var (kind, count) = stride switch
                    {
                        16 => (StepKind.HalveSixteen, 16),
                        >= 8 => (StepKind.HalveEight, 8),
                        4 => (StepKind.HalveFour, 4),
                        _ => (StepKind.HalveTwo, 2),
                    };
                    var distance = stride / count;
                    for (var block = start; block < end; block += stride)
                    {
                        for (var i = 0; i < distance; i++)
                        {
                            steps.Add(new Step(kind, block + i, distance, 0));
                        }
                    }

                    stride = distance;
                }
            }
        }

        return steps;
    }

    private static Step[] Prune(List<Step> steps, int first, int last)
    {
        var wanted = new Stack<Step>();
        var isWanted = Enumerable.Range(first, last - first).ToHashSet();
        foreach (var step in Enumerable.Reverse(steps))
        {
            if (step.Rows.Any(isWanted.Contains))
            {
                isWanted.UnionWith(step.Rows);
                wanted.Push(step with { First = step.First * Width, Stride = step.Stride * Width, Second = step.Second * Width });
            }
        }

        return [.. wanted];
    }

    private static void SortRun(ref float source, nuint stride, ref int first)
    {
        var a = Key(ref source, 0);
        var b = Key(ref source, stride);
        var c = Key(ref source, 2 * stride);
        var d = Key(ref source, 3 * stride);
        var e = Key(ref source, 4 * stride);
        var f = Key(ref source, 5 * stride);
        var g = Key(ref source, 6 * stride);
        var h = Key(ref source, 7 * stride);
        var i = Key(ref source, 8 * stride);
        var j = Key(ref source, 9 * stride);
        var k = Key(ref source, 10 * stride);
        var l = Key(ref source, 11 * stride);
        var m = Key(ref source, 12 * stride);
        var n = Key(ref source, 13 * stride);
        var o = Key(ref source, 14 * stride);
        var p = Key(ref source, 15 * stride);
        (a, b) = (Vector.Min(a, b), Vector.Max(a, b));
        (c, d) = (Vector.Min(c, d), Vector.Max(c, d));
        (e, f) = (Vector.Min(e, f), Vector.Max(e, f));
        (g, h) = (Vector.Min(g, h), Vector.Max(g, h));
        (i, j) = (Vector.Min(i, j), Vector.Max(i, j));
        (k, l) = (Vector.Min(k, l), Vector.Max(k, l));
        (m, n) = (Vector.Min(m, n), Vector.Max(m, n));
        (o, p) = (Vector.Min(o, p), Vector.Max(o, p));
        (a, c) = (Vector.Min(a, c), Vector.Max(a, c));
        (b, d) = (Vector.Min(b, d), Vector.Max(b, d));
        (e, g) = (Vector.Min(e, g), Vector.Max(e, g));
        (f, h) = (Vector.Min(f, h), Vector.Max(f, h));
        (i, k) = (Vector.Min(i, k), Vector.Max(i, k));
        (j, l) = (Vector.Min(j, l), Vector.Max(j, l));
        (m, o) = (Vector.Min(m, o), Vector.Max(m, o));
        (n, p) = (Vector.Min(n, p), Vector.Max(n, p));
        (a, e) = (Vector.Min(a, e), Vector.Max(a, e));
        (b, f) = (Vector.Min(b, f), Vector.Max(b, f));
        (c, g) = (Vector.Min(c, g), Vector.Max(c, g));
        (d, h) = (Vector.Min(d, h), Vector.Max(d, h));
        (i, m) = (Vector.Min(i, m), Vector.Max(i, m));
        (j, n) = (Vector.Min(j, n), Vector.Max(j, n));
        (k, o) = (Vector.Min(k, o), Vector.Max(k, o));
        (l, p) = (Vector.Min(l, p), Vector.Max(l, p));
        (a, i) = (Vector.Min(a, i), Vector.Max(a, i));
        (b, j) = (Vector.Min(b, j), Vector.Max(b, j));
        (c, k) = (Vector.Min(c, k), Vector.Max(c, k));
        (d, l) = (Vector.Min(d, l), Vector.Max(d, l));
        (e, m) = (Vector.Min(e, m), Vector.Max(e, m));
        (f, n) = (Vector.Min(f, n), Vector.Max(f, n));
        (g, o) = (Vector.Min(g, o), Vector.Max(g, o));
        (h, p) = (Vector.Min(h, p), Vector.Max(h, p));
        (b, c) = (Vector.Min(b, c), Vector.Max(b, c));
        (d, m) = (Vector.Min(d, m), Vector.Max(d, m));
        (e, i) = (Vector.Min(e, i), Vector.Max(e, i));
        (f, k) = (Vector.Min(f, k), Vector.Max(f, k));
        (g, j) = (Vector.Min(g, j), Vector.Max(g, j));
        (h, l) = (Vector.Min(h, l), Vector.Max(h, l));
        (n, o) = (Vector.Min(n, o), Vector.Max(n, o));
        (b, e) = (Vector.Min(b, e), Vector.Max(b, e));
        (c, i) = (Vector.Min(c, i), Vector.Max(c, i));
        (h, n) = (Vector.Min(h, n), Vector.Max(h, n));
        (l, o) = (Vector.Min(l, o), Vector.Max(l, o));
        (c, e) = (Vector.Min(c, e), Vector.Max(c, e));
        (d, i) = (Vector.Min(d, i), Vector.Max(d, i));
        (f, g) = (Vector.Min(f, g), Vector.Max(f, g));
        (h, m) = (Vector.Min(h, m), Vector.Max(h, m));
        (j, k) = (Vector.Min(j, k), Vector.Max(j, k));
        (l, n) = (Vector.Min(l, n), Vector.Max(l, n));
        (d, f) = (Vector.Min(d, f), Vector.Max(d, f));
        (g, i) = (Vector.Min(g, i), Vector.Max(g, i));
        (h, j) = (Vector.Min(h, j), Vector.Max(h, j));
        (k, m) = (Vector.Min(k, m), Vector.Max(k, m));
        (d, e) = (Vector.Min(d, e), Vector.Max(d, e));
        (f, g) = (Vector.Min(f, g), Vector.Max(f, g));
        (h, i) = (Vector.Min(h, i), Vector.Max(h, i));
        (j, k) = (Vector.Min(j, k), Vector.Max(j, k));
        (l, m) = (Vector.Min(l, m), Vector.Max(l, m));
        (g, h) = (Vector.Min(g, h), Vector.Max(g, h));
        (i, j) = (Vector.Min(i, j), Vector.Max(i, j));
        a.StoreUnsafe(ref first);
        b.StoreUnsafe(ref first, Width);
        c.StoreUnsafe(ref first, 2 * Width);
        d.StoreUnsafe(ref first, 3 * Width);
        e.StoreUnsafe(ref first, 4 * Width);
        f.StoreUnsafe(ref first, 5 * Width);
        g.StoreUnsafe(ref first, 6 * Width);
        h.StoreUnsafe(ref first, 7 * Width);
        i.StoreUnsafe(ref first, 8 * Width);
        j.StoreUnsafe(ref first, 9 * Width);
        k.StoreUnsafe(ref first, 10 * Width);
        l.StoreUnsafe(ref first, 11 * Width);
        m.StoreUnsafe(ref first, 12 * Width);
        n.StoreUnsafe(ref first, 13 * Width);
        o.StoreUnsafe(ref first, 14 * Width);
        p.StoreUnsafe(ref first, 15 * Width);
    }

    /// <summary>Compares four rows with four others backwards, and then each four at two and at one stride.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MergeEight(ref int first, ref int second, nuint stride)
    {
        var a = Vector.LoadUnsafe(in first);
        var b = Vector.LoadUnsafe(in first, stride);
        var c = Vector.LoadUnsafe(in first, 2 * stride);
        var d = Vector.LoadUnsafe(in first, 3 * stride);
        var e = Vector.LoadUnsafe(in second);
        var f = Vector.LoadUnsafe(in second, stride);
        var g = Vector.LoadUnsafe(in second, 2 * stride);
        var h = Vector.LoadUnsafe(in second, 3 * stride);
        (a, h) = (Vector.Min(a, h), Vector.Max(a, h));
        (b, g) = (Vector.Min(b, g), Vector.Max(b, g));
        (c, f) = (Vector.Min(c, f), Vector.Max(c, f));
        (d, e) = (Vector.Min(d, e), Vector.Max(d, e));
        (a, c) = (Vector.Min(a, c), Vector.Max(a, c));
        (b, d) = (Vector.Min(b, d), Vector.Max(b, d));
        (e, g) = (Vector.Min(e, g), Vector.Max(e, g));
        (f, h) = (Vector.Min(f, h), Vector.Max(f, h));
        (a, b) = (Vector.Min(a, b), Vector.Max(a, b));
        (c, d) = (Vector.Min(c, d), Vector.Max(c, d));
        (e, f) = (Vector.Min(e, f), Vector.Max(e, f));
        (g, h) = (Vector.Min(g, h), Vector.Max(g, h));
        a.StoreUnsafe(ref first);
        b.StoreUnsafe(ref first, stride);
        c.StoreUnsafe(ref first, 2 * stride);
        d.StoreUnsafe(ref first, 3 * stride);
        e.StoreUnsafe(ref second);
        f.StoreUnsafe(ref second, stride);
        g.StoreUnsafe(ref second, 2 * stride);
        h.StoreUnsafe(ref second, 3 * stride);
    }

    /// <summary>Compares sixteen neighbours at distances of 8, 4, 2 and 1.</summary>
    private static void HalveSixteen(ref int first)
    {
        var a = Vector.LoadUnsafe(in first);
        var b = Vector.LoadUnsafe(in first, Width);
        var c = Vector.LoadUnsafe(in first, 2 * Width);
        var d = Vector.LoadUnsafe(in first, 3 * Width);
        var e = Vector.LoadUnsafe(in first, 4 * Width);
        var f = Vector.LoadUnsafe(in first, 5 * Width);
        var g = Vector.LoadUnsafe(in first, 6 * Width);
        var h = Vector.LoadUnsafe(in first, 7 * Width);
        var i = Vector.LoadUnsafe(in first, 8 * Width);
        var j = Vector.LoadUnsafe(in first, 9 * Width);
        var k = Vector.LoadUnsafe(in first, 10 * Width);
        var l = Vector.LoadUnsafe(in first, 11 * Width);
        var m = Vector.LoadUnsafe(in first, 12 * Width);
        var n = Vector.LoadUnsafe(in first, 13 * Width);
        var o = Vector.LoadUnsafe(in first, 14 * Width);
        var p = Vector.LoadUnsafe(in first, 15 * Width);
        (a, i) = (Vector.Min(a, i), Vector.Max(a, i));
        (b, j) = (Vector.Min(b, j), Vector.Max(b, j));
        (c, k) = (Vector.Min(c, k), Vector.Max(c, k));
        (d, l) = (Vector.Min(d, l), Vector.Max(d, l));
        (e, m) = (Vector.Min(e, m), Vector.Max(e, m));
        (f, n) = (Vector.Min(f, n), Vector.Max(f, n));
        (g, o) = (Vector.Min(g, o), Vector.Max(g, o));
        (h, p) = (Vector.Min(h, p), Vector.Max(h, p));
        (a, e) = (Vector.Min(a, e), Vector.Max(a, e));
        (b, f) = (Vector.Min(b, f), Vector.Max(b, f));
        (c, g) = (Vector.Min(c, g), Vector.Max(c, g));
        (d, h) = (Vector.Min(d, h), Vector.Max(d, h));
        (i, m) = (Vector.Min(i, m), Vector.Max(i, m));
        (j, n) = (Vector.Min(j, n), Vector.Max(j, n));
        (k, o) = (Vector.Min(k, o), Vector.Max(k, o));
        (l, p) = (Vector.Min(l, p), Vector.Max(l, p));
        (a, c) = (Vector.Min(a, c), Vector.Max(a, c));
        (b, d) = (Vector.Min(b, d), Vector.Max(b, d));
        (e, g) = (Vector.Min(e, g), Vector.Max(e, g));
        (f, h) = (Vector.Min(f, h), Vector.Max(f, h));
        (i, k) = (Vector.Min(i, k), Vector.Max(i, k));
        (j, l) = (Vector.Min(j, l), Vector.Max(j, l));
        (m, o) = (Vector.Min(m, o), Vector.Max(m, o));
        (n, p) = (Vector.Min(n, p), Vector.Max(n, p));
        (a, b) = (Vector.Min(a, b), Vector.Max(a, b));
        (c, d) = (Vector.Min(c, d), Vector.Max(c, d));
        (e, f) = (Vector.Min(e, f), Vector.Max(e, f));
        (g, h) = (Vector.Min(g, h), Vector.Max(g, h));
        (i, j) = (Vector.Min(i, j), Vector.Max(i, j));
        (k, l) = (Vector.Min(k, l), Vector.Max(k, l));
        (m, n) = (Vector.Min(m, n), Vector.Max(m, n));
        (o, p) = (Vector.Min(o, p), Vector.Max(o, p));
        a.StoreUnsafe(ref first);
        b.StoreUnsafe(ref first, Width);
        c.StoreUnsafe(ref first, 2 * Width);
        d.StoreUnsafe(ref first, 3 * Width);
        e.StoreUnsafe(ref first, 4 * Width);
        f.StoreUnsafe(ref first, 5 * Width);
        g.StoreUnsafe(ref first, 6 * Width);
        h.StoreUnsafe(ref first, 7 * Width);
        i.StoreUnsafe(ref first, 8 * Width);
        j.StoreUnsafe(ref first, 9 * Width);
        k.StoreUnsafe(ref first, 10 * Width);
        l.StoreUnsafe(ref first, 11 * Width);
        m.StoreUnsafe(ref first, 12 * Width);
        n.StoreUnsafe(ref first, 13 * Width);
        o.StoreUnsafe(ref first, 14 * Width);
        p.StoreUnsafe(ref first, 15 * Width);
    }

    /// <summary>Compares eight rows at four, two and one stride.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void HalveEight(ref int first, nuint stride)
    {
        var a = Vector.LoadUnsafe(in first);
        var b = Vector.LoadUnsafe(in first, stride);
        var c = Vector.LoadUnsafe(in first, 2 * stride);
        var d = Vector.LoadUnsafe(in first, 3 * stride);
        var e = Vector.LoadUnsafe(in first, 4 * stride);
        var f = Vector.LoadUnsafe(in first, 5 * stride);
        var g = Vector.LoadUnsafe(in first, 6 * stride);
        var h = Vector.LoadUnsafe(in first, 7 * stride);
        (a, e) = (Vector.Min(a, e), Vector.Max(a, e));
        (b, f) = (Vector.Min(b, f), Vector.Max(b, f));
        (c, g) = (Vector.Min(c, g), Vector.Max(c, g));
        (d, h) = (Vector.Min(d, h), Vector.Max(d, h));
        (a, c) = (Vector.Min(a, c), Vector.Max(a, c));
        (b, d) = (Vector.Min(b, d), Vector.Max(b, d));
        (e, g) = (Vector.Min(e, g), Vector.Max(e, g));
        (f, h) = (Vector.Min(f, h), Vector.Max(f, h));
        (a, b) = (Vector.Min(a, b), Vector.Max(a, b));
        (c, d) = (Vector.Min(c, d), Vector.Max(c, d));
        (e, f) = (Vector.Min(e, f), Vector.Max(e, f));
        (g, h) = (Vector.Min(g, h), Vector.Max(g, h));
        a.StoreUnsafe(ref first);
        b.StoreUnsafe(ref first, stride);
        c.StoreUnsafe(ref first, 2 * stride);
        d.StoreUnsafe(ref first, 3 * stride);
        e.StoreUnsafe(ref first, 4 * stride);
        f.StoreUnsafe(ref first, 5 * stride);
        g.StoreUnsafe(ref first, 6 * stride);
        h.StoreUnsafe(ref first, 7 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void HalveFour(ref int first)
    {
        var a = Vector.LoadUnsafe(in first);
        var b = Vector.LoadUnsafe(in first, Width);
        var c = Vector.LoadUnsafe(in first, 2 * Width);
        var d = Vector.LoadUnsafe(in first, 3 * Width);
        (a, c) = (Vector.Min(a, c), Vector.Max(a, c));
        (b, d) = (Vector.Min(b, d), Vector.Max(b, d));
        (a, b) = (Vector.Min(a, b), Vector.Max(a, b));
        (c, d) = (Vector.Min(c, d), Vector.Max(c, d));
        a.StoreUnsafe(ref first);
        b.StoreUnsafe(ref first, Width);
        c.StoreUnsafe(ref first, 2 * Width);
        d.StoreUnsafe(ref first, 3 * Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void HalveTwo(ref int first)
    {
        var a = Vector.LoadUnsafe(in first);
        var b = Vector.LoadUnsafe(in first, Width);
        (a, b) = (Vector.Min(a, b), Vector.Max(a, b));
        a.StoreUnsafe(ref first);
        b.StoreUnsafe(ref first, Width);
    }

    /// <summary>The bits of floats as integers of the same order, in which -0 precedes 0, and back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<int> Reorder(Vector<int> bits) => bits ^ (Vector.ShiftRightArithmetic(bits, 31) & new Vector<int>(int.MaxValue));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<int> Key(ref float source, nuint offset) =>
        Reorder((Vector.LoadUnsafe(in source, offset) + Vector<float>.Zero).As<float, int>());

    private enum StepKind
    {
        MergeEight,
        HalveSixteen,
        HalveEight,
        HalveFour,
        HalveTwo,
    }

    /// <summary>Comparisons of several rows, each at once; places and distances are those of rows, or of values when pruned.</summary>
    private readonly record struct Step(StepKind Kind, nuint First, nuint Stride, nuint Second)
    {
        public Step(StepKind kind, int first, int stride, int second)
            : this(kind, (nuint)first, (nuint)stride, (nuint)second)
        {
        }

        public IEnumerable<int> Rows => Kind switch
        {
            StepKind.MergeEight => [.. At(First, 4), .. At(Second, 4)],
            StepKind.HalveSixteen => At(First, 16),
            StepKind.HalveEight => At(First, 8),
            StepKind.HalveFour => At(First, 4),
            _ => At(First, 2),
        };

        private IEnumerable<int> At(nuint row, int count)
        {
            var stride = (int)Stride;
            return Enumerable.Range(0, count).Select(i => (int)row + (i * stride));
        }
    }
}
