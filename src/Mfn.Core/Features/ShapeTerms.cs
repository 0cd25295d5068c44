using System.Runtime.Intrinsics;
using Mfn.Core.Statistics;

namespace Mfn.Core.Features;

/// <summary>The third and the fourth powers of the potentials' deviations from their mean, in mV³ and mV⁴.</summary>
internal readonly ref struct ShapeTerms(ReadOnlySpan<double> volts, double mean) : IPairwiseTerms<SumPair>
{
    private readonly ReadOnlySpan<double> _volts = volts;
    private readonly double _mean = mean;

    public SumPair OfBlock(int start, int count)
    {
        var mean = Vector512.Create(_mean);
        var cubeLanes = Vector512<double>.Zero;
        var fourthLanes = Vector512<double>.Zero;
        var octets = PairwiseSum.Octets(_volts.Slice(start, count), out var rest);
        foreach (var octet in octets)
        {
            var deviation = (octet * FeatureExtractor.MillivoltsPerVolt) - mean;
            ReferencePower.ThirdAndFourth(deviation, out var cube, out var fourth);
            cubeLanes += cube;
            fourthLanes += fourth;
        }

        var cubes = PairwiseSum.Join(cubeLanes);
        var fourths = PairwiseSum.Join(fourthLanes);
        foreach (var volts in rest)
        {
            var deviation = (volts * FeatureExtractor.MillivoltsPerVolt) - _mean;
            cubes += Math.Pow(deviation, 3.0);
            fourths += Math.Pow(deviation, 4.0);
        }

        return new SumPair(cubes, fourths);
    }
}
