namespace Mfn.Server.Pricing;

/// <summary>What a call computes: it is measured, so that the next one is predicted better. One task at a time uses it.</summary>
internal sealed class CallWork(Price price, Calibration calibration, TimeProvider clock)
{
    /// <summary>The time that was spent on what has a price.</summary>
    public TimeSpan Computed { get; private set; }

    /// <summary>Computes what the price is of.</summary>
    public T Measure<T>(Func<T> work)
    {
        var start = clock.GetTimestamp();
        var result = work();
        var taken = clock.GetElapsedTime(start);
        Add(taken);
        if (taken >= WorkMeter.Least && price.Parts.FirstOrDefault(static part => !part.IsCall) is { Kind.Name: not null } computed)
        {
            calibration.Note(computed.Kind, computed.StatedSeconds, taken);
        }

        return result;
    }

    /// <summary>Something that measures itself has taken so long.</summary>
    public void Add(TimeSpan taken) => Computed += taken;
}
