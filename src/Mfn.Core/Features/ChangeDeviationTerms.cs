using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Mfn.Core.Statistics;

namespace Mfn.Core.Features;

/// <summary>The squared deviations of a frame's absolute differences from their mean, in mV².</summary>
internal readonly ref struct ChangeDeviationTerms(ReadOnlySpan<double> volts, ReadOnlySpan<double> previous, double mean) : IPairwiseTerms<double>
{
    private readonly ReadOnlySpan<double> _volts = volts;
    private readonly ReadOnlySpan<double> _previous = previous;
    private readonly double _mean = mean;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public double OfBlock(int start, int count)
    {
        var octets = PairwiseSum.Octets(_volts.Slice(start, count), out var rest);
        var previousOctets = PairwiseSum.Octets(_previous.Slice(start, count), out var previousRest);
        var mean = Vector512.Create(_mean);
        var lanes = Vector512<double>.Zero;
        for (var i = 0; i < octets.Length; i++)
        {
            var deviation = Vector512.Abs((octets[i] * FeatureExtractor.MillivoltsPerVolt) - (previousOctets[i] * FeatureExtractor.MillivoltsPerVolt)) - mean;
            lanes += deviation * deviation;
        }

        var sum = PairwiseSum.Join(lanes);
        for (var i = 0; i < rest.Length; i++)
        {
            var deviation = Math.Abs((rest[i] * FeatureExtractor.MillivoltsPerVolt) - (previousRest[i] * FeatureExtractor.MillivoltsPerVolt)) - _mean;
            sum += deviation * deviation;
        }

        return sum;
    }
}
