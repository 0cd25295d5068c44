using System.Runtime.CompilerServices;

namespace Mfn.Core.Statistics;

/// <summary>
/// The <see cref="PairwiseSum"/> of values that arrive in pieces: the same bits as of all of them at once, wherever the pieces are cut, and
/// one run of memory however many there are. Not thread-safe.
/// </summary>
internal sealed class PairwiseAccumulator
{
    private readonly double[] _run = new double[PairwiseSum.RunLength];

    private int _runCount;
    private double _sumOfFullRuns;

    /// <summary>The values added so far.</summary>
    public long Count { get; private set; }

    /// <summary>Their sum; 0 if there are none.</summary>
    public double Sum => _sumOfFullRuns + PairwiseSum.Of(_run.AsSpan(0, _runCount));

    /// <summary>Their sum divided by their count; NaN if there are none.</summary>
    public double Mean => Sum / Count;

    /// <summary>Adds further values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(ReadOnlySpan<double> values)
    {
        Count += values.Length;
        while (!values.IsEmpty)
        {
            var taken = values[..Math.Min(values.Length, _run.Length - _runCount)];
            values = values[taken.Length..];
            if (taken.Length == _run.Length)
            {
                // A whole run needs no place to wait for its rest.
                _sumOfFullRuns += PairwiseSum.Of(taken);
                continue;
            }

            taken.CopyTo(_run.AsSpan(_runCount));
            _runCount += taken.Length;
            if (_runCount == _run.Length)
            {
                _sumOfFullRuns += PairwiseSum.Of(_run);
                _runCount = 0;
            }
        }
    }
}
