namespace Mfn.Core.Tests.Aggregation;

/// <summary>The squared distance as it is defined, a component at a time.</summary>
internal static class NaiveDistances
{
    private const int BlockBytes = 4096;
    private const int LaneBytes = 64;
    private const int BlocksPerPanel = 8;
    private const int LargestLengthInDouble = 16 * 1024;

    public static double Squared(float[] left, float[] right) => left.Length <= LargestLengthInDouble
        ? SumOfPanels(left.Length, BlockBytes / sizeof(double), (start, end) => OfBlockInDouble(left[start..end], right[start..end]))
        : SumOfPanels(left.Length, BlockBytes / sizeof(float), (start, end) => OfBlock(left[start..end], right[start..end]));

    /// <summary>The squared distance in double, one addition after the other.</summary>
    public static double Exact(float[] left, float[] right) =>
        left.Zip(right).Sum(pair => ((double)pair.First - pair.Second) * ((double)pair.First - pair.Second));

    private static double SumOfPanels(int length, int blockLength, Func<int, int, double> ofBlock)
    {
        var sum = 0.0;
        for (var panel = 0; panel < length; panel += BlocksPerPanel * blockLength)
        {
            var panelSum = 0.0;
            for (var block = panel; block < Math.Min(length, panel + (BlocksPerPanel * blockLength)); block += blockLength)
            {
                panelSum += ofBlock(block, Math.Min(length, block + blockLength));
            }

            sum += panelSum;
        }

        return sum;
    }

    private static double OfBlock(float[] left, float[] right)
    {
        var lanes = new float[LaneBytes / sizeof(float)];
        for (var i = 0; i < left.Length; i++)
        {
            var difference = left[i] - right[i];
            lanes[i % lanes.Length] = MathF.FusedMultiplyAdd(difference, difference, lanes[i % lanes.Length]);
        }

        var quarters = Enumerable.Range(0, 4).Select(l => (lanes[l] + lanes[l + 8]) + (lanes[l + 4] + lanes[l + 12])).ToArray();
        var sum = ((double)quarters[0] + quarters[2]) + ((double)quarters[1] + quarters[3]);

        // What a float cannot hold.
        return sum >= Math.ScaleB(1, -100) && double.IsFinite(sum) ? sum : Exact(left, right);
    }

    private static double OfBlockInDouble(float[] left, float[] right)
    {
        var lanes = new double[LaneBytes / sizeof(double)];
        for (var i = 0; i < left.Length; i++)
        {
            var difference = (double)left[i] - right[i];
            lanes[i % lanes.Length] = Math.FusedMultiplyAdd(difference, difference, lanes[i % lanes.Length]);
        }

        return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
    }
}
