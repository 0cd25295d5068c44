using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mfn.Core.Vectors;

namespace Mfn.Core.Kinetics;

/// <summary>
/// Solves 1 − λδ² along many lines at once, which lie in the lanes of vectors, in place: forward and then backward, each in as many parts as one
/// likes. See <see cref="LineFactors{T}"/> for the operations, which are the same in every lane.
/// </summary>
internal sealed class LineSolver<T, TVector>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct, IVector<TVector, T>
{
    private readonly LineFactors<T> _factors;

    // Of closed lines: what adds up forward, then what is left backward without the last cell's share.
    private readonly Memory<T> _carried;

    /// <param name="factors">The lines' factors.</param>
    /// <param name="vectorCount">The most vectors of lines.</param>
    public LineSolver(LineFactors<T> factors, int vectorCount)
    {
        _factors = factors;
        _carried = LineMemory.Allocate<T>(vectorCount * TVector.Count);
    }

    /// <summary>The vectors that are gone through together.</summary>
    public static int VectorsTogether => FourVectors<T, TVector>.VectorCount;

    /// <summary>Goes forward from a cell of the lines to before another; what comes before it was gone through already.</summary>
    /// <param name="first">The lines' first cells.</param>
    /// <param name="stride">The cells from there to the lines' second ones.</param>
    /// <param name="begin">The first cell's place in its line.</param>
    /// <param name="end">The place after the last cell.</param>
    /// <param name="vectorCount">How many vectors of lines.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Eliminate(ref T first, nint stride, int begin, int end, int vectorCount)
    {
        AddRimSource(ref first, stride, begin, end, vectorCount);

        // The last cell of a closed line is left out.
        end = _factors.IsClosed ? Math.Min(end, _factors.Length - 1) : end;
        if (begin >= end)
        {
            return;
        }

        ref var sums = ref MemoryMarshal.GetReference(_carried.Span);
        var i = 0;
        for (; i + VectorsTogether <= vectorCount; i += VectorsTogether)
        {
            Eliminate<FourVectors<T, TVector>>(_factors, ref Unsafe.Add(ref first, i * TVector.Count), stride, begin, end, ref Unsafe.Add(ref sums, i * TVector.Count));
        }

        for (; i < vectorCount; i++)
        {
            Eliminate<OneVector<T, TVector>>(_factors, ref Unsafe.Add(ref first, i * TVector.Count), stride, begin, end, ref Unsafe.Add(ref sums, i * TVector.Count));
        }
    }

    /// <summary>Goes backward from before a cell of the lines to another; what comes after was gone through already, and everything forward.</summary>
    /// <param name="first">The lines' first cells.</param>
    /// <param name="stride">The cells from there to the lines' second ones.</param>
    /// <param name="begin">The place of the cell that is the last.</param>
    /// <param name="end">The place after the cell to begin with.</param>
    /// <param name="vectorCount">How many vectors of lines.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Substitute(ref T first, nint stride, int begin, int end, int vectorCount)
    {
        if (_factors.IsClosed && end == _factors.Length)
        {
            end--;
            SolveLast(ref Unsafe.Add(ref first, (end - 1) * stride), ref Unsafe.Add(ref first, end * stride), vectorCount);
        }

        if (begin >= end)
        {
            return;
        }

        ref var alone = ref MemoryMarshal.GetReference(_carried.Span);
        var i = 0;
        for (; i + VectorsTogether <= vectorCount; i += VectorsTogether)
        {
            if (_factors.IsClosed)
            {
                SubstituteClosed<FourVectors<T, TVector>>(_factors, ref Unsafe.Add(ref first, i * TVector.Count), stride, begin, end, ref Unsafe.Add(ref alone, i * TVector.Count));
            }
            else
            {
                Substitute<FourVectors<T, TVector>>(_factors, ref Unsafe.Add(ref first, i * TVector.Count), stride, begin, end);
            }
        }

        for (; i < vectorCount; i++)
        {
            if (_factors.IsClosed)
            {
                SubstituteClosed<OneVector<T, TVector>>(_factors, ref Unsafe.Add(ref first, i * TVector.Count), stride, begin, end, ref Unsafe.Add(ref alone, i * TVector.Count));
            }
            else
            {
                Substitute<OneVector<T, TVector>>(_factors, ref Unsafe.Add(ref first, i * TVector.Count), stride, begin, end);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddRimSource(ref T first, nint stride, int begin, int end, int vectorCount)
    {
        if (_factors.RimSource == T.Zero)
        {
            return;
        }

        if (begin == 0)
        {
            Add(_factors.RimSource, ref first, vectorCount);
        }

        if (end == _factors.Length)
        {
            Add(_factors.RimSource, ref Unsafe.Add(ref first, (end - 1) * stride), vectorCount);
        }

        static void Add(T value, ref T cells, int vectorCount)
        {
            for (nuint i = 0; i < (nuint)(vectorCount * TVector.Count); i += (nuint)TVector.Count)
            {
                TVector.Store(TVector.Load(ref cells, i) + TVector.Create(value), ref cells, i);
            }
        }
    }

    /// <summary>The last cell of closed lines, from the sums and the one before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SolveLast(ref T beforeLast, ref T last, int vectorCount)
    {
        ref var sums = ref MemoryMarshal.GetReference(_carried.Span);
        var (ratio, inverse) = (TVector.Create(_factors.Ratio), TVector.Create(_factors.LastInverse));
        for (nuint i = 0; i < (nuint)(vectorCount * TVector.Count); i += (nuint)TVector.Count)
        {
            var neighbours = TVector.Load(ref beforeLast, i) + TVector.Load(ref sums, i);
            TVector.Store(TVector.FusedMultiplyAdd(ratio, neighbours, TVector.Load(ref last, i)) * inverse, ref last, i);
        }
    }

    /// <summary>Forward along as many lines as <typeparamref name="TLanes"/> has, adding up the first cell's sum in closed ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Eliminate<TLanes>(LineFactors<T> factors, ref T first, nint stride, int begin, int end, ref T sums)
        where TLanes : struct, ILanes<TLanes, T, TVector>
    {
        ref var inverses = ref MemoryMarshal.GetArrayDataReference(factors.Inverse);
        ref var carries = ref MemoryMarshal.GetArrayDataReference(factors.Carry);
        ref var weights = ref MemoryMarshal.GetArrayDataReference(factors.Weight);
        ref var here = ref Unsafe.Add(ref first, begin * stride);
        nint i = begin;
        TLanes value;
        if (begin == 0)
        {
            value = TLanes.Multiply(TVector.Create(inverses), TLanes.Load(ref here));
            TLanes.Store(value, ref here);
            TLanes.Store(value, ref sums);
            here = ref Unsafe.Add(ref here, stride);
            i++;
        }
        else
        {
            value = TLanes.Load(ref Unsafe.Subtract(ref here, stride));
        }

        var weightedEnd = Math.Min(end, factors.WeightedCount);
        if (i < weightedEnd)
        {
            var sum = TLanes.Load(ref sums);
            for (; i < weightedEnd; i++)
            {
                var scaled = TLanes.Multiply(TVector.Create(Unsafe.Add(ref inverses, i)), TLanes.Load(ref here));
                value = TLanes.FusedMultiplyAdd(TVector.Create(Unsafe.Add(ref carries, i)), value, scaled);
                TLanes.Store(value, ref here);
                sum = TLanes.FusedMultiplyAdd(TVector.Create(Unsafe.Add(ref weights, i)), value, sum);
                here = ref Unsafe.Add(ref here, stride);
            }

            TLanes.Store(sum, ref sums);
        }

        for (; i < end; i++)
        {
            var scaled = TLanes.Multiply(TVector.Create(Unsafe.Add(ref inverses, i)), TLanes.Load(ref here));
            value = TLanes.FusedMultiplyAdd(TVector.Create(Unsafe.Add(ref carries, i)), value, scaled);
            TLanes.Store(value, ref here);
            here = ref Unsafe.Add(ref here, stride);
        }
    }

    /// <summary>Backward along open lines.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Substitute<TLanes>(LineFactors<T> factors, ref T first, nint stride, int begin, int end)
        where TLanes : struct, ILanes<TLanes, T, TVector>
    {
        ref var carries = ref MemoryMarshal.GetArrayDataReference(factors.Carry);

        // The last cell is what it is after going forward.
        nint i = end == factors.Length ? end - 1 : end;
        ref var here = ref Unsafe.Add(ref first, i * stride);
        var value = TLanes.Load(ref here);
        for (i--; i >= begin; i--)
        {
            here = ref Unsafe.Subtract(ref here, stride);
            value = TLanes.FusedMultiplyAdd(TVector.Create(Unsafe.Add(ref carries, i)), value, TLanes.Load(ref here));
            TLanes.Store(value, ref here);
        }
    }

    /// <summary>Backward along closed lines, each cell with the last one's share, which the next one's substitution must not see.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SubstituteClosed<TLanes>(LineFactors<T> factors, ref T first, nint stride, int begin, int end, ref T alone)
        where TLanes : struct, ILanes<TLanes, T, TVector>
    {
        ref var carries = ref MemoryMarshal.GetArrayDataReference(factors.Carry);
        ref var fills = ref MemoryMarshal.GetArrayDataReference(factors.Fill);
        var last = TLanes.Load(ref Unsafe.Add(ref first, (factors.Length - 1) * stride));
        nint i = end;
        ref var here = ref Unsafe.Add(ref first, i * stride);
        TLanes value;
        if (end == factors.Length - 1)
        {
            i--;
            here = ref Unsafe.Subtract(ref here, stride);
            value = TLanes.Load(ref here);
            TLanes.Store(TLanes.FusedMultiplyAdd(TVector.Create(Unsafe.Add(ref fills, i)), last, value), ref here);
        }
        else
        {
            value = TLanes.Load(ref alone);
        }

        for (i--; i >= begin; i--)
        {
            here = ref Unsafe.Subtract(ref here, stride);
            value = TLanes.FusedMultiplyAdd(TVector.Create(Unsafe.Add(ref carries, i)), value, TLanes.Load(ref here));
            TLanes.Store(TLanes.FusedMultiplyAdd(TVector.Create(Unsafe.Add(ref fills, i)), last, value), ref here);
        }

        TLanes.Store(value, ref alone);
    }
}
