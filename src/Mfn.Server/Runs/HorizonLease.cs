namespace Mfn.Server.Runs;

/// <summary>
/// How far a run may go before it tells its log: far enough that it seldom waits for the disk, near enough that after a crash, when it goes on from there, it is not
/// ahead of what anybody has seen by more than <see cref="Longest"/> of its pace, or one step.
/// </summary>
internal sealed class HorizonLease(TimeProvider clock)
{
    /// <summary>What a lease lasts at most.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    private const int MostSteps = 1_000_000;

    // Half of the longest, since a run may become slower while it lasts.
    private static readonly TimeSpan Target = Longest / 2;

    private long _extended = clock.GetTimestamp();
    private int _begin;
    private volatile int _horizon;
    private int _length = 1;

    /// <summary>The step up to which the log knows. Thread-safe.</summary>
    public int Horizon => _horizon;

    /// <summary>The log tells of steps up to this one.</summary>
    public void Begin(int horizon) => (_begin, _horizon) = (horizon, horizon);

    /// <summary>The horizon that the log must be told before so many steps are taken; none if it knows.</summary>
    /// <param name="step">Where the run is.</param>
    /// <param name="count">The steps.</param>
    /// <param name="lastStep">The run goes no further.</param>
    /// <param name="stepsPerSecond">Its pace; null for as fast as possible.</param>
    public int? Extend(int step, int count, int lastStep, double? stepsPerSecond)
    {
        if (step + (long)count <= _horizon)
        {
            return null;
        }

        var elapsed = clock.GetElapsedTime(_extended);
        if (elapsed < Target / 2)
        {
            _length = Math.Min(_length * 2, MostSteps);
        }
        else if (elapsed > Target)
        {
            _length = (int)Math.Clamp((step - _begin) * (Target / elapsed), 1, _length);
        }

        _extended = clock.GetTimestamp();
        _begin = step;
        _horizon = (int)Math.Min(step + (long)Math.Max(count, Math.Min(_length, StepsIn(Target, stepsPerSecond))), lastStep);
        return _horizon;
    }

    /// <summary>The nearer horizon that the log must be told because the run goes at another pace from a step on; none if that it has is near enough.</summary>
    public int? Shorten(int step, double? stepsPerSecond)
    {
        if (_horizon - step <= StepsIn(Longest, stepsPerSecond))
        {
            return null;
        }

        (_begin, _horizon, _length) = (step, step, 1);
        return step;
    }

    private static int StepsIn(TimeSpan time, double? stepsPerSecond) =>
        stepsPerSecond is { } pace ? (int)Math.Clamp(pace * time.TotalSeconds, 1, MostSteps) : MostSteps;
}
