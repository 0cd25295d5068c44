using System.Numerics;

namespace Mfn.Core.Aggregation.Distances;

/// <summary>
/// Squared distances from points that are known in double. The sum is a fixed tree, the same on every machine: sixteen lanes per block, of
/// which lane l adds the components l, l + 16, …; the lanes pairwise; blocks in order.
/// </summary>
internal static class SquaredDistance
{
    private const int BlockLength = 1024;
    private const int LaneCount = 16;

    /// <summary>The squared norm of a vector.</summary>
    public static double ToOrigin(ReadOnlySpan<float> vector)
    {
        Span<double> zeros = stackalloc double[Math.Min(BlockLength, vector.Length)];
        zeros.Clear();
        var sum = 0.0;
        for (; vector.Length > 0; vector = vector[Math.Min(BlockLength, vector.Length)..])
        {
            var length = Math.Min(BlockLength, vector.Length);
            sum += OfBlock(vector[..length], zeros[..length]);
        }

        return sum;
    }

    /// <summary>The squared distance of a vector from a point of the same length.</summary>
    public static double Between(ReadOnlySpan<float> vector, ReadOnlySpan<double> point)
    {
        var sum = 0.0;
        for (var start = 0; start < vector.Length; start += BlockLength)
        {
            var length = Math.Min(BlockLength, vector.Length - start);
            sum += OfBlock(vector.Slice(start, length), point.Slice(start, length));
        }

        return sum;
    }

    private static double OfBlock(ReadOnlySpan<float> vector, ReadOnlySpan<double> point)
    {
        Span<double> lanes = stackalloc double[LaneCount];
        var wholeLength = vector.Length / LaneCount * LaneCount;
        for (var lane = 0; lane < LaneCount; lane += Vector<float>.Count)
        {
            var (sum0, sum1) = (Vector<double>.Zero, Vector<double>.Zero);
            for (var i = lane; i < wholeLength; i += LaneCount)
            {
                Vector.Widen(new Vector<float>(vector[i..]), out var lower, out var upper);
                lower -= new Vector<double>(point[i..]);
                upper -= new Vector<double>(point[(i + Vector<double>.Count)..]);
                sum0 += lower * lower;
                sum1 += upper * upper;
            }

            sum0.CopyTo(lanes[lane..]);
            sum1.CopyTo(lanes[(lane + Vector<double>.Count)..]);
        }

        for (var i = wholeLength; i < vector.Length; i++)
        {
            var difference = vector[i] - point[i];
            lanes[i % LaneCount] += difference * difference;
        }

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
