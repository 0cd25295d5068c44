namespace Mfn.Server.Pricing;

/// <summary>Adds up the time of work of one kind, and tells the calibration when it is long enough to mean something. One task at a time uses it.</summary>
/// <param name="calibration">Whom to tell.</param>
/// <param name="unit">One of it.</param>
/// <param name="clock">Measures.</param>
internal sealed class WorkMeter(Calibration calibration, Work unit, TimeProvider clock)
{
    /// <summary>Less says more about the clock, and about what was in the caches before, than about the work.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromMicroseconds(50);

    /// <summary>With more, few measurements of a busy machine would have nothing of what keeps it busy in them.</summary>
    public static readonly TimeSpan Most = TimeSpan.FromMilliseconds(200);

    private long _count;
    private TimeSpan _taken;

    /// <summary>All the time that was added.</summary>
    public TimeSpan Total { get; private set; }

    /// <summary>Adds so much of it.</summary>
    public void Add(long count, TimeSpan taken)
    {
        _count += count;
        _taken += taken;
        Total += taken;
        if (_taken >= Most)
        {
            Tell();
        }
    }

    /// <summary>Does it once.</summary>
    public T Measure<T>(Func<T> work)
    {
        var start = clock.GetTimestamp();
        var result = work();
        Add(1, clock.GetElapsedTime(start));
        return result;
    }

    /// <summary>Tells what has not been told: at the end.</summary>
    public void Tell()
    {
        if (_taken >= Least)
        {
            calibration.Note(unit.Kind, _count * unit.StatedSeconds, _taken);
        }

        (_count, _taken) = (0, TimeSpan.Zero);
    }
}
