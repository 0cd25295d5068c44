using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Mfn.Core.Statistics;

namespace Mfn.Core.Features;

/// <summary>The third and the fourth powers of the potentials' deviations from their mean, in mV³ and mV⁴.</summary>
/// <param name="volts">The potentials.</param>
/// <param name="mean">Their mean in mV.</param>
/// <param name="scratch">Room for three blocks.</param>
internal readonly ref struct ShapeTerms(ReadOnlySpan<double> volts, double mean, Span<double> scratch) : IPairwiseTerms<SumPair>
{
    /// <summary>What <c>scratch</c> must have room for.</summary>
    public const int ScratchLength = 3 * PairwiseSum.LongestBlock;

    private readonly ReadOnlySpan<double> _volts = volts;
    private readonly double _mean = mean;
    private readonly Span<double> _deviations = scratch[..PairwiseSum.LongestBlock];
    private readonly Span<double> _cubes = scratch.Slice(PairwiseSum.LongestBlock, PairwiseSum.LongestBlock);
    private readonly Span<double> _fourths = scratch.Slice(2 * PairwiseSum.LongestBlock, PairwiseSum.LongestBlock);

    public SumPair OfBlock(int start, int count)
    {
        var octets = PairwiseSum.Octets(_volts.Slice(start, count), out var rest);
        var deviations = MemoryMarshal.Cast<double, Vector512<double>>(_deviations)[..octets.Length];
        for (var i = 0; i < octets.Length; i++)
        {
            deviations[i] = (octets[i] * FeatureExtractor.MillivoltsPerVolt) - Vector512.Create(_mean);
        }

        ReferencePower.ThirdAndFourth(_deviations[..(count - rest.Length)], _cubes, _fourths);
        var cubes = PairwiseSum.Of(_cubes[..(count - rest.Length)]);
        var fourths = PairwiseSum.Of(_fourths[..(count - rest.Length)]);
        foreach (var potential in rest)
        {
            var deviation = (potential * FeatureExtractor.MillivoltsPerVolt) - _mean;
            cubes += Math.Pow(deviation, 3.0);
            fourths += Math.Pow(deviation, 4.0);
        }

        return new SumPair(cubes, fourths);
    }
}
