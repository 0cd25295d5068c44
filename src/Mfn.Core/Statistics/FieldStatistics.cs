using System.Runtime.Intrinsics;

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

        var terms = new ExtremeTerms(values);
        var mean = PairwiseSum.Of<ExtremeTerms, double>(ref terms, values.Length) / values.Length;
        var deviations = new DeviationTerms(values, 1.0, mean);
        var variance = PairwiseSum.Of<DeviationTerms, double>(ref deviations, values.Length) / values.Length;
        return new FieldStatistics(terms.Extremes.Minimum, terms.Extremes.Maximum, mean, Math.Sqrt(variance));
    }

    /// <summary>The same statistics of values that are <paramref name="factor"/> times as large: a change of unit, one rounding each.</summary>
    public FieldStatistics Scale(double factor) =>
        new(Minimum * factor, Maximum * factor, Mean * factor, StandardDeviation * factor);

    /// <summary>The values themselves; their extremes are found on the way.</summary>
    private ref struct ExtremeTerms(ReadOnlySpan<double> values) : IPairwiseTerms<double>
    {
        private readonly ReadOnlySpan<double> _values = values;
        private Extremes _extremes = Extremes.None;

        public readonly Extremes Extremes => _extremes;

        public double OfBlock(int start, int count)
        {
            var extremes = _extremes;
            var lanes = Vector512<double>.Zero;
            var octets = PairwiseSum.Octets(_values.Slice(start, count), out var rest);
            foreach (var octet in octets)
            {
                lanes += octet;
                extremes.Add(octet);
            }

            var sum = PairwiseSum.Join(lanes);
            foreach (var value in rest)
            {
                sum += value;
                extremes.Add(Vector512.Create(value));
            }

            _extremes = extremes;
            return sum;
        }
    }
}
