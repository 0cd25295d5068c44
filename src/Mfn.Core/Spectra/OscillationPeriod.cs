namespace Mfn.Core.Spectra;

/// <summary>
/// The period of a value that oscillates, from equally spaced samples: the mean distance of its upward crossings of the middle between its
/// least and largest value, each interpolated between two samples. A crossing counts only after the value was below the middle by a tenth of
/// its range, and only once it is above by as much, so that noise smaller than that makes none.
/// </summary>
/// <param name="Period">In the unit of the samples' interval.</param>
/// <param name="CycleCount">Whole periods that were seen; at least 1.</param>
public readonly record struct OscillationPeriod(double Period, int CycleCount)
{
    /// <summary>The period, or null if there are fewer than two crossings or the samples are equal.</summary>
    /// <param name="samples">Finite.</param>
    /// <param name="interval">Time between two samples: finite, above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The interval is out of its range.</exception>
    public static OscillationPeriod? Of(ReadOnlySpan<double> samples, double interval)
    {
        if (!double.IsFinite(interval) || interval <= 0)
        {
            throw new ArgumentOutOfRangeException(nameof(interval), interval, "The interval must be finite and above 0.");
        }

        if (samples.IsEmpty || PlaneShape.IsUniform(samples))
        {
            return null;
        }

        var (least, largest) = PlaneShape.Range(samples);
        var middle = least + ((largest - least) / 2);
        var margin = (largest - least) / 10;
        var (wasLow, candidate, first, last, count) = (false, double.NaN, 0.0, 0.0, 0);
        for (var i = 0; i < samples.Length; i++)
        {
            if (samples[i] < middle - margin)
            {
                (wasLow, candidate) = (true, double.NaN);
            }
            else if (wasLow && double.IsNaN(candidate) && samples[i] >= middle)
            {
                candidate = i - 1 + ((middle - samples[i - 1]) / (samples[i] - samples[i - 1]));
            }

            if (wasLow && samples[i] > middle + margin)
            {
                (first, last) = (count == 0 ? candidate : first, candidate);
                count++;
                wasLow = false;
            }
        }

        return count < 2 ? null : new OscillationPeriod((last - first) / (count - 1) * interval, count - 1);
    }
}
