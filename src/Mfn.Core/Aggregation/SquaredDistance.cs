using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Mfn.Core.Aggregation;

/// <summary>
/// Squared Euclidean distances by direct differences in double: ‖x‖² + ‖y‖² - 2x·y would cancel all digits of vectors that are close
/// together and far from the origin. The sum is a fixed tree, the same on every machine: sixteen lanes per block, of which lane l adds
/// the components l, l + 16, …; the lanes pairwise; blocks in order into panels; panels in order.
/// </summary>
internal static class SquaredDistance
{
    /// <summary>Components per block: what two vectors of a block take stays in the first-level cache.</summary>
    public const int BlockLength = 1024;

    /// <summary>Components per panel, the unit of parallel work.</summary>
    public const int PanelLength = 64 * BlockLength;

    private const int LaneCount = 16;

    /// <summary>The squared distance of two vectors of the same length.</summary>
    public static double Between(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        var sum = 0.0;
        for (var start = 0; start < left.Length; start += PanelLength)
        {
            var end = Math.Min(start + PanelLength, left.Length);
            var panel = 0.0;
            for (var block = start; block < end; block += BlockLength)
            {
                var length = Math.Min(BlockLength, end - block);
                panel += OfBlock(left.Slice(block, length), right.Slice(block, length));
            }

            sum += panel;
        }

        return sum;
    }

    /// <summary>The squared norm of a vector.</summary>
    public static double ToOrigin(ReadOnlySpan<float> vector)
    {
        Span<float> zeros = stackalloc float[BlockLength];
        zeros.Clear();
        var sum = 0.0;
        for (; vector.Length > 0; vector = vector[Math.Min(BlockLength, vector.Length)..])
        {
            var length = Math.Min(BlockLength, vector.Length);
            sum += OfBlock(vector[..length], zeros[..length]);
        }

        return sum;
    }

    /// <summary>The squared distance of a vector from a point that is known in double.</summary>
    public static double Between(ReadOnlySpan<float> vector, ReadOnlySpan<double> point)
    {
        var sum = 0.0;
        Span<double> lanes = stackalloc double[LaneCount];
        for (var start = 0; start < vector.Length; start += BlockLength)
        {
            lanes.Clear();
            var end = Math.Min(start + BlockLength, vector.Length);
            for (var i = start; i < end; i++)
            {
                var difference = vector[i] - point[i];
                lanes[i % LaneCount] += difference * difference;
            }

            sum += SumOf(lanes);
        }

        return sum;
    }

    /// <summary>The squared distance of at most <see cref="BlockLength"/> components.</summary>
    public static double OfBlock(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        var sum0 = Vector256<double>.Zero;
        var sum1 = Vector256<double>.Zero;
        var sum2 = Vector256<double>.Zero;
        var sum3 = Vector256<double>.Zero;
        var i = 0;
        for (; i <= left.Length - LaneCount; i += LaneCount)
        {
            Add(left.Slice(i, LaneCount), right.Slice(i, LaneCount), ref sum0, ref sum1, ref sum2, ref sum3);
        }

        if (i < left.Length)
        {
            // Equal components add 0 to their lanes, and so change nothing.
            Span<float> rest = stackalloc float[2 * LaneCount];
            rest.Clear();
            left[i..].CopyTo(rest);
            right[i..].CopyTo(rest[LaneCount..]);
            Add(rest[..LaneCount], rest[LaneCount..], ref sum0, ref sum1, ref sum2, ref sum3);
        }

        Span<double> lanes = stackalloc double[LaneCount];
        sum0.CopyTo(lanes);
        sum1.CopyTo(lanes[4..]);
        sum2.CopyTo(lanes[8..]);
        sum3.CopyTo(lanes[12..]);
        return SumOf(lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(
        ReadOnlySpan<float> left,
        ReadOnlySpan<float> right,
        ref Vector256<double> sum0,
        ref Vector256<double> sum1,
        ref Vector256<double> sum2,
        ref Vector256<double> sum3)
    {
        var (left0, left1) = Vector256.Widen(Vector256.Create(left));
        var (right0, right1) = Vector256.Widen(Vector256.Create(right));
        var (left2, left3) = Vector256.Widen(Vector256.Create(left[8..]));
        var (right2, right3) = Vector256.Widen(Vector256.Create(right[8..]));
        sum0 += (left0 - right0) * (left0 - right0);
        sum1 += (left1 - right1) * (left1 - right1);
        sum2 += (left2 - right2) * (left2 - right2);
        sum3 += (left3 - right3) * (left3 - right3);
    }

    private static double SumOf(Span<double> lanes)
    {
        for (var width = LaneCount / 2; width > 0; width /= 2)
        {
            for (var lane = 0; lane < width; lane++)
            {
                lanes[lane] += lanes[lane + width];
            }
        }

        return lanes[0];
    }
}
