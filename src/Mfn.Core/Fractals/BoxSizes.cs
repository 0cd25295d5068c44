namespace Mfn.Core.Fractals;

/// <summary>The side lengths, in cells, of the boxes that a box count uses: strictly ascending.</summary>
public static class BoxSizes
{
    /// <summary>The most sizes that may be asked for.</summary>
    public const int LargestScaleCount = 20;

    private const int ShortestHalvedExtent = 4;

    /// <summary>
    /// The reference's largest size where none is given: the last of <paramref name="scaleCount"/> doublings of the least size, but at most
    /// half the extent (the extent itself below 4) and at least the least size.
    /// </summary>
    /// <param name="extent">The field's rows or columns, whichever are fewer; at least 1.</param>
    /// <param name="minBoxSize">The least size; at least 1.</param>
    /// <param name="scaleCount">The sizes asked for; 1 to <see cref="LargestScaleCount"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public static int DefaultMaximum(int extent, int minBoxSize, int scaleCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(extent, 1);
        RequireValid(minBoxSize, scaleCount);

        var last = (long)minBoxSize << (scaleCount - 1);
        var limit = extent >= ShortestHalvedExtent ? extent / 2 : extent;
        return (int)Math.Max(Math.Min(last, limit), minBoxSize);
    }

    /// <summary>
    /// The reference's sizes: <paramref name="scaleCount"/> numbers in geometric progression from the least to the greatest size, both exact,
    /// each cut down to an integer, without repetitions.
    /// </summary>
    /// <remarks>
    /// The progression is rounded before it is cut, so that sizes which are meant to be whole often lose one: 2, 4, 8, 16, 32 comes out as
    /// 2, 4, 7, 16, 32, because 10^(2 log10(2) + …) is 7.999999999999999. This depends on the platform's pow and log10. <see cref="Doubling"/>
    /// does neither.
    /// </remarks>
    /// <param name="minBoxSize">The least size; at least 1.</param>
    /// <param name="maxBoxSize">The greatest size; below the least size it counts as equal to it.</param>
    /// <param name="scaleCount">The numbers in the progression; 1 (which gives the least size alone) to <see cref="LargestScaleCount"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public static int[] Truncated(int minBoxSize, int maxBoxSize, int scaleCount)
    {
        RequireValid(minBoxSize, scaleCount);
        if (scaleCount == 1)
        {
            return [minBoxSize];
        }

        maxBoxSize = Math.Max(maxBoxSize, minBoxSize);
        var first = Math.Log10(minBoxSize);
        var step = (Math.Log10(maxBoxSize) - first) / (scaleCount - 1);
        var sizes = new SortedSet<int> { minBoxSize, maxBoxSize };
        for (var i = 1; i < scaleCount - 1; i++)
        {
            // If all numbers are meant to equal the least size, they may fall just below it; the reference keeps both.
            sizes.Add((int)Math.Pow(10.0, (i * step) + first));
        }

        return [.. sizes];
    }

    /// <summary>
    /// The mended sizes: the least size, twice it, four times it and so on, at most <paramref name="scaleCount"/> of them and none above the
    /// greatest size. They are exact, and the same on every platform.
    /// </summary>
    /// <param name="minBoxSize">The least size; at least 1.</param>
    /// <param name="maxBoxSize">The greatest size; below the least size it counts as equal to it.</param>
    /// <param name="scaleCount">The most sizes; 1 to <see cref="LargestScaleCount"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public static int[] Doubling(int minBoxSize, int maxBoxSize, int scaleCount)
    {
        RequireValid(minBoxSize, scaleCount);

        var sizes = new List<int>(scaleCount) { minBoxSize };
        for (var size = 2L * minBoxSize; size <= maxBoxSize && sizes.Count < scaleCount; size *= 2)
        {
            sizes.Add((int)size);
        }

        return [.. sizes];
    }

    private static void RequireValid(int minBoxSize, int scaleCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(minBoxSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(scaleCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(scaleCount, LargestScaleCount);
    }
}
