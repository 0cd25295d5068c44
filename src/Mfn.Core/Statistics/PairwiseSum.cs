using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Mfn.Core.Statistics;

/// <summary>Sums of doubles in numpy's order, so that the same values give the same last bit as <c>numpy.sum</c>.</summary>
/// <remarks>
/// Runs of 8192 elements are added left to right; inside a run the sum is pairwise, whose rounding error grows with the logarithm of the
/// count (N. J. Higham, "The Accuracy of Floating Point Summation", 1993). Its blocks have eight lanes, which are those of a
/// <see cref="Vector512{T}"/>.
/// </remarks>
public static class PairwiseSum
{
    /// <summary>The elements of one run.</summary>
    internal const int RunLength = 8192;

    /// <summary>The most elements of a block.</summary>
    internal const int LongestBlock = 128;

    private const int LaneCount = 8;

    /// <summary>The sum of all values; 0 if there are none.</summary>
    public static double Of(ReadOnlySpan<double> values)
    {
        var terms = new Values(values);
        return Of<Values, double>(ref terms, values.Length);
    }

    /// <summary>The sum of the terms 0 to <paramref name="count"/> - 1; 0 if there are none.</summary>
    internal static TSum Of<TTerms, TSum>(ref TTerms terms, int count)
        where TTerms : struct, IPairwiseTerms<TSum>, allows ref struct
        where TSum : struct, IAdditionOperators<TSum, TSum, TSum>
    {
        var sum = default(TSum);
        for (var start = 0; start < count; start += RunLength)
        {
            sum += OfRun<TTerms, TSum>(ref terms, start, Math.Min(RunLength, count - start));
        }

        return sum;
    }

    /// <summary>The pairwise sum of at most <see cref="RunLength"/> terms.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static TSum OfRun<TTerms, TSum>(ref TTerms terms, int start, int count)
        where TTerms : struct, IPairwiseTerms<TSum>, allows ref struct
        where TSum : struct, IAdditionOperators<TSum, TSum, TSum>
    {
        if (count <= LongestBlock)
        {
            return terms.OfBlock(start, count);
        }

        var half = count / 2;
        half -= half % LaneCount;
        return OfRun<TTerms, TSum>(ref terms, start, half) + OfRun<TTerms, TSum>(ref terms, start + half, count - half);
    }

    /// <summary>
    /// The sum of a block's lanes. They start from zero, not from the block's first terms as numpy's do: that differs for lanes of -0 only,
    /// whose sign no sum keeps, since it starts from +0.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double Join(Vector512<double> lanes) =>
        ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));

    /// <summary>The whole groups of eight of a block, and in <paramref name="rest"/> what is left over.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ReadOnlySpan<Vector512<double>> Octets(ReadOnlySpan<double> block, out ReadOnlySpan<double> rest)
    {
        rest = block[(block.Length - (block.Length % LaneCount))..];
        return MemoryMarshal.Cast<double, Vector512<double>>(block);
    }

    private readonly ref struct Values(ReadOnlySpan<double> values) : IPairwiseTerms<double>
    {
        private readonly ReadOnlySpan<double> _values = values;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public double OfBlock(int start, int count)
        {
            var lanes = Vector512<double>.Zero;
            var octets = Octets(_values.Slice(start, count), out var rest);
            foreach (var octet in octets)
            {
                lanes += octet;
            }

            var sum = Join(lanes);
            foreach (var value in rest)
            {
                sum += value;
            }

            return sum;
        }
    }
}
