namespace Mfn.Core.Statistics;

/// <summary>Sums of doubles in numpy's order, so that the same values give the same last bit as <c>numpy.sum</c>.</summary>
/// <remarks>
/// Runs of 8192 elements are added left to right; inside a run the sum is pairwise, whose rounding error grows with the logarithm of the
/// count (N. J. Higham, "The Accuracy of Floating Point Summation", 1993).
/// </remarks>
public static class PairwiseSum
{
    /// <summary>The elements of one run.</summary>
    internal const int RunLength = 8192;

    private const int LaneCount = 8;
    private const int LongestBlock = 128;

    /// <summary>The sum of all values; 0 if there are none.</summary>
    public static double Of(ReadOnlySpan<double> values)
    {
        var sum = 0.0;
        for (; values.Length > RunLength; values = values[RunLength..])
        {
            sum += OfRun(values[..RunLength]);
        }

        return sum + OfRun(values);
    }

    /// <summary>The pairwise sum of at most <see cref="RunLength"/> values.</summary>
    internal static double OfRun(ReadOnlySpan<double> values)
    {
        if (values.Length < LaneCount)
        {
            return AddInOrder(0.0, values);
        }

        if (values.Length <= LongestBlock)
        {
            return OfBlock(values);
        }

        var half = values.Length / 2;
        half -= half % LaneCount;
        return OfRun(values[..half]) + OfRun(values[half..]);
    }

    private static double OfBlock(ReadOnlySpan<double> values)
    {
        Span<double> lanes = stackalloc double[LaneCount];
        values[..LaneCount].CopyTo(lanes);
        var i = LaneCount;
        for (; i <= values.Length - LaneCount; i += LaneCount)
        {
            for (var lane = 0; lane < LaneCount; lane++)
            {
                lanes[lane] += values[i + lane];
            }
        }

        var sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
        return AddInOrder(sum, values[i..]);
    }

    private static double AddInOrder(double sum, ReadOnlySpan<double> values)
    {
        foreach (var value in values)
        {
            sum += value;
        }

        return sum;
    }
}
