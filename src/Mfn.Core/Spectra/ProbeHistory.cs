using System.Runtime.InteropServices;

namespace Mfn.Core.Spectra;

/// <summary>
/// The history of a value for its oscillation, in bounded memory: when it is full, every other sample is let go of, and from then on every other
/// one comes in. It keeps at least half of its capacity, equally spaced over the whole history.
/// </summary>
public sealed class ProbeHistory
{
    /// <summary>The samples that it keeps at most.</summary>
    public const int Capacity = 8192;

    private readonly List<double> _samples = [];
    private long _count;
    private long _stride = 1;

    /// <summary>Takes the next value; values come at equal distances in time.</summary>
    /// <param name="value">Finite.</param>
    public void Add(double value)
    {
        if (_count++ % _stride != 0)
        {
            return;
        }

        if (_samples.Count == Capacity)
        {
            for (var i = 0; i < Capacity / 2; i++)
            {
                _samples[i] = _samples[2 * i];
            }

            _samples.RemoveRange(Capacity / 2, Capacity / 2);
            _stride *= 2;
        }

        _samples.Add(value);
    }

    /// <summary>The period of what came so far, or null if it does not oscillate.</summary>
    /// <param name="interval">Time between two values that came: finite, above 0.</param>
    public OscillationPeriod? FindPeriod(double interval) => OscillationPeriod.Of(CollectionsMarshal.AsSpan(_samples), interval * _stride);
}
