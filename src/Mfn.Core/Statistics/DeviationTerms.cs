using System.Runtime.Intrinsics;

namespace Mfn.Core.Statistics;

/// <summary>The squared deviations of <paramref name="factor"/> · value from <paramref name="mean"/>.</summary>
internal readonly ref struct DeviationTerms(ReadOnlySpan<double> values, double factor, double mean) : IPairwiseTerms<double>
{
    private readonly ReadOnlySpan<double> _values = values;
    private readonly double _factor = factor;
    private readonly double _mean = mean;

    public double OfBlock(int start, int count)
    {
        var mean = Vector512.Create(_mean);
        var lanes = Vector512<double>.Zero;
        var octets = PairwiseSum.Octets(_values.Slice(start, count), out var rest);
        foreach (var octet in octets)
        {
            var deviation = (octet * _factor) - mean;
            lanes += deviation * deviation;
        }

        var sum = PairwiseSum.Join(lanes);
        foreach (var value in rest)
        {
            var deviation = (value * _factor) - _mean;
            sum += deviation * deviation;
        }

        return sum;
    }
}
