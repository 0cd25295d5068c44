using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Mfn.Core.Statistics;

namespace Mfn.Core.Features;

/// <summary>
/// The absolute differences of a frame's potentials from those of the frame before in mV, and the squared potentials in mV². The differences
/// are kept in <paramref name="changes"/>, which has room for one run and holds the last one summed.
/// </summary>
internal ref struct ChangeTerms(ReadOnlySpan<double> volts, ReadOnlySpan<double> previous, Span<double> changes) : IPairwiseTerms<SumPair>
{
    private readonly ReadOnlySpan<double> _volts = volts;
    private readonly ReadOnlySpan<double> _previous = previous;
    private readonly Span<double> _changes = changes;
    private Vector512<double> _greatest = Vector512<double>.Zero;

    /// <summary>The greatest difference; NaN if any is.</summary>
    public readonly double Greatest => Extremes.Greatest(_greatest);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public SumPair OfBlock(int start, int count)
    {
        var octets = PairwiseSum.Octets(_volts.Slice(start, count), out var rest);
        var previousOctets = PairwiseSum.Octets(_previous.Slice(start, count), out var previousRest);
        var changes = _changes.Slice(start % PairwiseSum.RunLength, count);
        var changeOctets = MemoryMarshal.Cast<double, Vector512<double>>(changes);
        var greatest = _greatest;
        var changeLanes = Vector512<double>.Zero;
        var energyLanes = Vector512<double>.Zero;
        for (var i = 0; i < octets.Length; i++)
        {
            var millivolts = octets[i] * FeatureExtractor.MillivoltsPerVolt;
            var change = Vector512.Abs(millivolts - (previousOctets[i] * FeatureExtractor.MillivoltsPerVolt));
            changeOctets[i] = change;
            changeLanes += change;
            energyLanes += millivolts * millivolts;
            greatest = Vector512.Max(greatest, change);
        }

        var changeSum = PairwiseSum.Join(changeLanes);
        var energy = PairwiseSum.Join(energyLanes);
        for (var i = 0; i < rest.Length; i++)
        {
            var millivolts = rest[i] * FeatureExtractor.MillivoltsPerVolt;
            var change = Math.Abs(millivolts - (previousRest[i] * FeatureExtractor.MillivoltsPerVolt));
            changes[count - rest.Length + i] = change;
            changeSum += change;
            energy += millivolts * millivolts;
            greatest = Vector512.Max(greatest, Vector512.Create(change));
        }

        _greatest = greatest;
        return new SumPair(changeSum, energy);
    }
}
