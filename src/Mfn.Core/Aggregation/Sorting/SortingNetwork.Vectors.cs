using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mfn.Core.Vectors;

namespace Mfn.Core.Aggregation.Sorting;

/// <summary>A network of vectors of one width.</summary>
internal sealed class SortingNetwork<TVector>(int rowCount, int first, int last) : SortingNetwork(rowCount, first, last)
    where TVector : struct, IVector<TVector, int>
{
    public override void SortRun(ReadOnlySpan<ReadOnlyMemory<float>> rows, Span<int> keys)
    {
        var length = rows[0].Length;
        var matrixLength = SortedRowCount * Width;
        ArgumentOutOfRangeException.ThrowIfNotEqual(length % Width, 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(keys.Length, (((length / Width) - 1) * matrixLength) + (RunLength * Width));
        ref var rowA = ref First(rows[0], length);
        ref var rowB = ref First(rows[1], length);
        ref var rowC = ref First(rows[2], length);
        ref var rowD = ref First(rows[3], length);
        ref var rowE = ref First(rows[4], length);
        ref var rowF = ref First(rows[5], length);
        ref var rowG = ref First(rows[6], length);
        ref var rowH = ref First(rows[7], length);
        ref var rowI = ref First(rows[8], length);
        ref var rowJ = ref First(rows[9], length);
        ref var rowK = ref First(rows[10], length);
        ref var rowL = ref First(rows[11], length);
        ref var rowM = ref First(rows[12], length);
        ref var rowN = ref First(rows[13], length);
        ref var rowO = ref First(rows[14], length);
        ref var rowP = ref First(rows[15], length);
        ref var key = ref MemoryMarshal.GetReference(keys);
        for (nuint column = 0; column < (nuint)length; column += (nuint)TVector.Count)
        {
            var a = Key(ref rowA, column);
            var b = Key(ref rowB, column);
            var c = Key(ref rowC, column);
            var d = Key(ref rowD, column);
            var e = Key(ref rowE, column);
            var f = Key(ref rowF, column);
            var g = Key(ref rowG, column);
            var h = Key(ref rowH, column);
            var i = Key(ref rowI, column);
            var j = Key(ref rowJ, column);
            var k = Key(ref rowK, column);
            var l = Key(ref rowL, column);
            var m = Key(ref rowM, column);
            var n = Key(ref rowN, column);
            var o = Key(ref rowO, column);
            var p = Key(ref rowP, column);
            Exchange(ref a, ref b);
            Exchange(ref c, ref d);
            Exchange(ref e, ref f);
            Exchange(ref g, ref h);
            Exchange(ref i, ref j);
            Exchange(ref k, ref l);
            Exchange(ref m, ref n);
            Exchange(ref o, ref p);
            Exchange(ref a, ref c);
            Exchange(ref b, ref d);
            Exchange(ref e, ref g);
            Exchange(ref f, ref h);
            Exchange(ref i, ref k);
            Exchange(ref j, ref l);
            Exchange(ref m, ref o);
            Exchange(ref n, ref p);
            Exchange(ref a, ref e);
            Exchange(ref b, ref f);
            Exchange(ref c, ref g);
            Exchange(ref d, ref h);
            Exchange(ref i, ref m);
            Exchange(ref j, ref n);
            Exchange(ref k, ref o);
            Exchange(ref l, ref p);
            Exchange(ref a, ref i);
            Exchange(ref b, ref j);
            Exchange(ref c, ref k);
            Exchange(ref d, ref l);
            Exchange(ref e, ref m);
            Exchange(ref f, ref n);
            Exchange(ref g, ref o);
            Exchange(ref h, ref p);
            Exchange(ref b, ref c);
            Exchange(ref d, ref m);
            Exchange(ref e, ref i);
            Exchange(ref f, ref k);
            Exchange(ref g, ref j);
            Exchange(ref h, ref l);
            Exchange(ref n, ref o);
            Exchange(ref b, ref e);
            Exchange(ref c, ref i);
            Exchange(ref h, ref n);
            Exchange(ref l, ref o);
            Exchange(ref c, ref e);
            Exchange(ref d, ref i);
            Exchange(ref f, ref g);
            Exchange(ref h, ref m);
            Exchange(ref j, ref k);
            Exchange(ref l, ref n);
            Exchange(ref d, ref f);
            Exchange(ref g, ref i);
            Exchange(ref h, ref j);
            Exchange(ref k, ref m);
            Exchange(ref d, ref e);
            Exchange(ref f, ref g);
            Exchange(ref h, ref i);
            Exchange(ref j, ref k);
            Exchange(ref l, ref m);
            Exchange(ref g, ref h);
            Exchange(ref i, ref j);
            ref var run = ref Unsafe.Add(ref key, ((column / Width) * (nuint)matrixLength) + (column % Width));
            TVector.Store(a, ref run, 0);
            TVector.Store(b, ref run, Width);
            TVector.Store(c, ref run, 2 * Width);
            TVector.Store(d, ref run, 3 * Width);
            TVector.Store(e, ref run, 4 * Width);
            TVector.Store(f, ref run, 5 * Width);
            TVector.Store(g, ref run, 6 * Width);
            TVector.Store(h, ref run, 7 * Width);
            TVector.Store(i, ref run, 8 * Width);
            TVector.Store(j, ref run, 9 * Width);
            TVector.Store(k, ref run, 10 * Width);
            TVector.Store(l, ref run, 11 * Width);
            TVector.Store(m, ref run, 12 * Width);
            TVector.Store(n, ref run, 13 * Width);
            TVector.Store(o, ref run, 14 * Width);
            TVector.Store(p, ref run, 15 * Width);
        }
    }

    public override void Merge(Span<int> keys)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keys.Length, SortedRowCount * Width);
        ref var key = ref MemoryMarshal.GetReference(keys);
        foreach (var step in Steps)
        {
            ref var first = ref Unsafe.Add(ref key, step.First * Width);
            var stride = (nuint)(step.Stride * Width);
            for (nuint column = 0; column < Width; column += (nuint)TVector.Count)
            {
                ref var place = ref Unsafe.Add(ref first, column);
                switch (step.Kind)
                {
                    case SortingStepKind.MergeEight:
                        MergeEight(ref place, ref Unsafe.Add(ref key, (nuint)(step.Second * Width) + column), stride);
                        break;
                    case SortingStepKind.HalveSixteen:
                        HalveSixteen(ref place, stride);
                        break;
                    case SortingStepKind.HalveEight:
                        HalveEight(ref place, stride);
                        break;
                    case SortingStepKind.HalveFour:
                        HalveFour(ref place, stride);
                        break;
                    default:
                        HalveTwo(ref place, stride);
                        break;
                }
            }
        }
    }

    public override void Restore(Span<int> keys)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(keys.Length % Width, 0);
        ref var key = ref MemoryMarshal.GetReference(keys);
        for (nuint i = 0; i < (nuint)keys.Length; i += (nuint)TVector.Count)
        {
            TVector.Store(Reorder(TVector.Load(ref key, i)), ref key, i);
        }
    }

    private static void MergeEight(ref int first, ref int second, nuint stride)
    {
        var a = TVector.Load(ref first, 0);
        var b = TVector.Load(ref first, stride);
        var c = TVector.Load(ref first, 2 * stride);
        var d = TVector.Load(ref first, 3 * stride);
        var e = TVector.Load(ref second, 0);
        var f = TVector.Load(ref second, stride);
        var g = TVector.Load(ref second, 2 * stride);
        var h = TVector.Load(ref second, 3 * stride);
        Exchange(ref a, ref h);
        Exchange(ref b, ref g);
        Exchange(ref c, ref f);
        Exchange(ref d, ref e);
        Halve(ref a, ref b, ref c, ref d);
        Halve(ref e, ref f, ref g, ref h);
        TVector.Store(a, ref first, 0);
        TVector.Store(b, ref first, stride);
        TVector.Store(c, ref first, 2 * stride);
        TVector.Store(d, ref first, 3 * stride);
        TVector.Store(e, ref second, 0);
        TVector.Store(f, ref second, stride);
        TVector.Store(g, ref second, 2 * stride);
        TVector.Store(h, ref second, 3 * stride);
    }

    private static void HalveSixteen(ref int first, nuint stride)
    {
        var a = TVector.Load(ref first, 0);
        var b = TVector.Load(ref first, stride);
        var c = TVector.Load(ref first, 2 * stride);
        var d = TVector.Load(ref first, 3 * stride);
        var e = TVector.Load(ref first, 4 * stride);
        var f = TVector.Load(ref first, 5 * stride);
        var g = TVector.Load(ref first, 6 * stride);
        var h = TVector.Load(ref first, 7 * stride);
        var i = TVector.Load(ref first, 8 * stride);
        var j = TVector.Load(ref first, 9 * stride);
        var k = TVector.Load(ref first, 10 * stride);
        var l = TVector.Load(ref first, 11 * stride);
        var m = TVector.Load(ref first, 12 * stride);
        var n = TVector.Load(ref first, 13 * stride);
        var o = TVector.Load(ref first, 14 * stride);
        var p = TVector.Load(ref first, 15 * stride);
        Exchange(ref a, ref i);
        Exchange(ref b, ref j);
        Exchange(ref c, ref k);
        Exchange(ref d, ref l);
        Exchange(ref e, ref m);
        Exchange(ref f, ref n);
        Exchange(ref g, ref o);
        Exchange(ref h, ref p);
        Halve(ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
        Halve(ref i, ref j, ref k, ref l, ref m, ref n, ref o, ref p);
        TVector.Store(a, ref first, 0);
        TVector.Store(b, ref first, stride);
        TVector.Store(c, ref first, 2 * stride);
        TVector.Store(d, ref first, 3 * stride);
        TVector.Store(e, ref first, 4 * stride);
        TVector.Store(f, ref first, 5 * stride);
        TVector.Store(g, ref first, 6 * stride);
        TVector.Store(h, ref first, 7 * stride);
        TVector.Store(i, ref first, 8 * stride);
        TVector.Store(j, ref first, 9 * stride);
        TVector.Store(k, ref first, 10 * stride);
        TVector.Store(l, ref first, 11 * stride);
        TVector.Store(m, ref first, 12 * stride);
        TVector.Store(n, ref first, 13 * stride);
        TVector.Store(o, ref first, 14 * stride);
        TVector.Store(p, ref first, 15 * stride);
    }

    private static void HalveEight(ref int first, nuint stride)
    {
        var a = TVector.Load(ref first, 0);
        var b = TVector.Load(ref first, stride);
        var c = TVector.Load(ref first, 2 * stride);
        var d = TVector.Load(ref first, 3 * stride);
        var e = TVector.Load(ref first, 4 * stride);
        var f = TVector.Load(ref first, 5 * stride);
        var g = TVector.Load(ref first, 6 * stride);
        var h = TVector.Load(ref first, 7 * stride);
        Halve(ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
        TVector.Store(a, ref first, 0);
        TVector.Store(b, ref first, stride);
        TVector.Store(c, ref first, 2 * stride);
        TVector.Store(d, ref first, 3 * stride);
        TVector.Store(e, ref first, 4 * stride);
        TVector.Store(f, ref first, 5 * stride);
        TVector.Store(g, ref first, 6 * stride);
        TVector.Store(h, ref first, 7 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void HalveFour(ref int first, nuint stride)
    {
        var a = TVector.Load(ref first, 0);
        var b = TVector.Load(ref first, stride);
        var c = TVector.Load(ref first, 2 * stride);
        var d = TVector.Load(ref first, 3 * stride);
        Halve(ref a, ref b, ref c, ref d);
        TVector.Store(a, ref first, 0);
        TVector.Store(b, ref first, stride);
        TVector.Store(c, ref first, 2 * stride);
        TVector.Store(d, ref first, 3 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void HalveTwo(ref int first, nuint stride)
    {
        var a = TVector.Load(ref first, 0);
        var b = TVector.Load(ref first, stride);
        Exchange(ref a, ref b);
        TVector.Store(a, ref first, 0);
        TVector.Store(b, ref first, stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Halve(
        ref TVector a, ref TVector b, ref TVector c, ref TVector d, ref TVector e, ref TVector f, ref TVector g, ref TVector h)
    {
        Exchange(ref a, ref e);
        Exchange(ref b, ref f);
        Exchange(ref c, ref g);
        Exchange(ref d, ref h);
        Halve(ref a, ref b, ref c, ref d);
        Halve(ref e, ref f, ref g, ref h);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Halve(ref TVector a, ref TVector b, ref TVector c, ref TVector d)
    {
        Exchange(ref a, ref c);
        Exchange(ref b, ref d);
        Exchange(ref a, ref b);
        Exchange(ref c, ref d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Exchange(ref TVector low, ref TVector high)
    {
        var least = TVector.Min(low, high);
        high = TVector.Max(low, high);
        low = least;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Key(ref float row, nuint column) => Reorder(TVector.Load(ref Unsafe.As<float, int>(ref row), column));

    /// <summary>The bits of floats as integers of the same order, and back: the negative ones are counted backwards.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Reorder(TVector bits) =>
        TVector.Select(TVector.IsGreater(TVector.Zero, bits), TVector.Create(int.MaxValue) - bits, bits);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ref float First(ReadOnlyMemory<float> row, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(row.Length, length);
        return ref MemoryMarshal.GetReference(row.Span);
    }
}
