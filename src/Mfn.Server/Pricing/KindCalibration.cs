using System.Collections.Immutable;

namespace Mfn.Server.Pricing;

/// <summary>
/// The latest measurements of one kind of work, of which the one counts that a third are below: as long as so many are of a machine that is not busy, the others do not
/// matter, nor do the first, in which code is still compiled. Thread-safe.
/// </summary>
internal sealed class KindCalibration
{
    /// <summary>How many measurements are kept; when two thirds of them are of a lower speed, the figure follows.</summary>
    public const int Capacity = 15;

    private readonly Lock _lock = new();
    private readonly Queue<double> _latest = new(Capacity);
    private double _factor = 1;

    /// <summary>The time that the work takes over the time by the price list.</summary>
    public double Factor => Volatile.Read(ref _factor);

    /// <summary>The measurements, the last one last.</summary>
    public ImmutableArray<double> Latest
    {
        get
        {
            lock (_lock)
            {
                return [.. _latest];
            }
        }
    }

    /// <summary>Takes a measurement.</summary>
    public void Note(double factor)
    {
        lock (_lock)
        {
            if (_latest.Count == Capacity)
            {
                _latest.Dequeue();
            }

            _latest.Enqueue(factor);

            // The machine can be slower than it is, but not faster.
            Volatile.Write(ref _factor, _latest.Order().ElementAt((_latest.Count - 1) / 3));
        }
    }
}
