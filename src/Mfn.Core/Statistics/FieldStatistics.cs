namespace Mfn.Core.Statistics;

/// <summary>Extremes, mean and population standard deviation of a set of values, in the values' unit; NaN if any value is.</summary>
/// <param name="Minimum">The least value.</param>
/// <param name="Maximum">The greatest value.</param>
/// <param name="Mean">The <see cref="PairwiseSum"/> divided by the count.</param>
/// <param name="StandardDeviation">The root of the mean squared deviation from the mean; the divisor is the count.</param>
public readonly record struct FieldStatistics(double Minimum, double Maximum, double Mean, double StandardDeviation)
{
    /// <summary>The statistics of the values.</summary>
    /// <exception cref="ArgumentException">There are no values.</exception>
    public static FieldStatistics Of(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty)
        {
            throw new ArgumentException("There must be at least one value.", nameof(values));
        }

        var minimum = values[0];
        var maximum = values[0];
        foreach (var value in values)
        {
            minimum = Math.Min(minimum, value);
            maximum = Math.Max(maximum, value);
        }

        var mean = PairwiseSum.Of(values) / values.Length;
        return new FieldStatistics(minimum, maximum, mean, Math.Sqrt(SumOfSquaredDeviations(values, mean) / values.Length));
    }

    /// <summary>The same statistics of values that are <paramref name="factor"/> times as large: a change of unit, one rounding each.</summary>
    public FieldStatistics Scale(double factor) =>
        new(Minimum * factor, Maximum * factor, Mean * factor, StandardDeviation * factor);

    private static double SumOfSquaredDeviations(ReadOnlySpan<double> values, double mean)
    {
        Span<double> squares = stackalloc double[Math.Min(values.Length, PairwiseSum.RunLength)];
        var sum = 0.0;
        while (!values.IsEmpty)
        {
            var run = values[..Math.Min(values.Length, PairwiseSum.RunLength)];
            for (var i = 0; i < run.Length; i++)
            {
                var deviation = run[i] - mean;
                squares[i] = deviation * deviation;
            }

            sum += PairwiseSum.OfRun(squares[..run.Length]);
            values = values[run.Length..];
        }

        return sum;
    }
}
