using System.Runtime.Intrinsics;
using Mfn.Core.Fields;
using Mfn.Core.Statistics;

namespace Mfn.Core.Features;

/// <summary>The potentials of a frame in mV; their extremes and the cells above each threshold are found on the way.</summary>
internal ref struct PotentialTerms(ReadOnlySpan<double> volts, CellMask low, CellMask medium, CellMask high, FeatureOptions options) : IPairwiseTerms<double>
{
    private const int CellsPerByte = 8;

    private readonly ReadOnlySpan<double> _volts = volts;
    private readonly Span<byte> _low = low.Bits;
    private readonly Span<byte> _medium = medium.Bits;
    private readonly Span<byte> _high = high.Bits;
    private readonly double _lowVolts = options.LowThresholdMillivolts / FeatureExtractor.MillivoltsPerVolt;
    private readonly double _mediumVolts = options.MediumThresholdMillivolts / FeatureExtractor.MillivoltsPerVolt;
    private readonly double _highVolts = options.HighThresholdMillivolts / FeatureExtractor.MillivoltsPerVolt;
    private Extremes _extremes = Extremes.None;

    /// <summary>In mV.</summary>
    public readonly Extremes Extremes => _extremes;

    public double OfBlock(int start, int count)
    {
        var octets = PairwiseSum.Octets(_volts.Slice(start, count), out var rest);
        var low = _low.Slice(start / CellsPerByte, octets.Length);
        var medium = _medium.Slice(start / CellsPerByte, octets.Length);
        var high = _high.Slice(start / CellsPerByte, octets.Length);
        var (lowVolts, mediumVolts, highVolts) = (Vector512.Create(_lowVolts), Vector512.Create(_mediumVolts), Vector512.Create(_highVolts));
        var extremes = _extremes;
        var lanes = Vector512<double>.Zero;
        for (var i = 0; i < octets.Length; i++)
        {
            var volts = octets[i];
            low[i] = CellMask.Above(lowVolts, volts);
            medium[i] = CellMask.Above(mediumVolts, volts);
            high[i] = CellMask.Above(highVolts, volts);
            var millivolts = volts * FeatureExtractor.MillivoltsPerVolt;
            lanes += millivolts;
            extremes.Add(millivolts);
        }

        var sum = PairwiseSum.Join(lanes);
        if (!rest.IsEmpty)
        {
            _low[^1] = CellMask.Above(_lowVolts, rest);
            _medium[^1] = CellMask.Above(_mediumVolts, rest);
            _high[^1] = CellMask.Above(_highVolts, rest);
        }

        foreach (var volts in rest)
        {
            var millivolts = volts * FeatureExtractor.MillivoltsPerVolt;
            sum += millivolts;
            extremes.Add(Vector512.Create(millivolts));
        }

        _extremes = extremes;
        return sum;
    }
}
