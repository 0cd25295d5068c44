namespace Mfn.Server.Pricing;

/// <summary>
/// The latest measurements of one kind of work, of which the median counts: as long as most of them are of an idle machine, the others do not matter. Thread-safe.
/// </summary>
internal sealed class KindCalibration
{
    /// <summary>How many measurements are kept; when half of them are of another speed, the figure follows.</summary>
    public const int Capacity = 15;

    private readonly Lock _lock = new();
    private readonly Queue<double> _latest = new(Capacity);

    /// <summary>The time that the work takes over the time by the price list.</summary>
    public double Factor { get; private set; } = 1;

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
            Factor = _latest.Order().ElementAt((_latest.Count - 1) / 2);
        }
    }
}
