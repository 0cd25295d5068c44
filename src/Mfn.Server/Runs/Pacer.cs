namespace Mfn.Server.Runs;

/// <summary>Tells how many steps are due at a pace. Time in which a run could not keep up is not made up for.</summary>
internal sealed class Pacer(double? stepsPerSecond, TimeProvider clock)
{
    private static readonly TimeSpan LongestDebt = TimeSpan.FromSeconds(1);

    private double? _stepsPerSecond = stepsPerSecond;
    private long _origin = clock.GetTimestamp();
    private long _taken;

    /// <summary>How many steps a second it lets be taken; null for as many as can be. A new pace begins anew.</summary>
    public double? StepsPerSecond
    {
        get => _stepsPerSecond;
        set
        {
            _stepsPerSecond = value;
            Restart();
        }
    }

    /// <summary>Begins anew, as after a pause: the next step is due in one step's time.</summary>
    public void Restart()
    {
        _origin = clock.GetTimestamp();
        _taken = 0;
    }

    /// <summary>How many steps may be taken now.</summary>
    public int StepsDue()
    {
        if (_stepsPerSecond is not { } rate)
        {
            return int.MaxValue;
        }

        var due = (clock.GetElapsedTime(_origin).TotalSeconds * rate) - _taken;
        if (due > Math.Max(1, LongestDebt.TotalSeconds * rate) + 1)
        {
            Restart();
            return 1;
        }

        return (int)due;
    }

    public void Take(int count) => _taken += count;

    /// <summary>The time until the next step is due.</summary>
    public TimeSpan UntilNextStep()
    {
        var wait = TimeSpan.FromSeconds((_taken + 1) / _stepsPerSecond.GetValueOrDefault(1)) - clock.GetElapsedTime(_origin);
        return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }
}
