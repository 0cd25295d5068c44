namespace Mfn.Core.Spectra;

/// <summary>What all that looks at a field as a plane asks of it.</summary>
internal static class PlaneShape
{
    // Rounding in a uniform field must not pass for a pattern; 2^-40.
    private const double LeastContrast = 1.0 / (1L << 40);

    /// <exception cref="ArgumentException">There are not rows x columns values.</exception>
    public static void Check<T>(ReadOnlySpan<T> values, int rowCount, int columnCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rowCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columnCount, 1);
        if (values.Length != (long)rowCount * columnCount)
        {
            throw new ArgumentException(
                $"A {rowCount} x {columnCount} field has {(long)rowCount * columnCount} cells, but got {values.Length}.", nameof(values));
        }
    }

    /// <summary>Whether the range of the values is at most 2^-40 of the largest magnitude.</summary>
    public static bool IsUniform(ReadOnlySpan<double> values)
    {
        var (least, largest) = Range(values);
        return largest - least <= LeastContrast * Math.Max(Math.Abs(least), Math.Abs(largest));
    }

    /// <summary>The middle between the least and the largest value.</summary>
    public static double Middle(ReadOnlySpan<double> values)
    {
        var (least, largest) = Range(values);
        return least + ((largest - least) / 2);
    }

    /// <summary>The least and the largest of at least one value.</summary>
    public static (double Least, double Largest) Range(ReadOnlySpan<double> values)
    {
        var (least, largest) = (values[0], values[0]);
        foreach (var value in values)
        {
            least = Math.Min(least, value);
            largest = Math.Max(largest, value);
        }

        return (least, largest);
    }
}
