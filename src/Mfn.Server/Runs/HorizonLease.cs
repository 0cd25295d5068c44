namespace Mfn.Server.Runs;

/// <summary>
/// How far a run may go before it tells its log: far enough that it seldom waits for the disk, near enough that the steps are soon recomputed
/// after a crash.
/// </summary>
internal sealed class HorizonLease(TimeProvider clock)
{
    private const int LeastSteps = 8;
    private const int MostSteps = 1_000_000;
    private static readonly TimeSpan Target = TimeSpan.FromSeconds(1);

    private long _extended = clock.GetTimestamp();
    private int _horizon;
    private int _length = LeastSteps;

    /// <summary>The log tells of steps up to this one.</summary>
    public void Begin(int horizon) => _horizon = horizon;

    /// <summary>The horizon that the log must be told before so many steps are taken; none if it knows.</summary>
    public int? Extend(int step, int count, int lastStep)
    {
        if (step + (long)count <= _horizon)
        {
            return null;
        }

        // A lease should last about as long as the target.
        var elapsed = clock.GetElapsedTime(_extended);
        _length = elapsed < Target / 2 ? Math.Min(_length * 2, MostSteps) : elapsed > Target * 2 ? Math.Max(_length / 2, LeastSteps) : _length;
        _extended = clock.GetTimestamp();
        _horizon = (int)Math.Min((long)step + Math.Max(count, _length), lastStep);
        return _horizon;
    }
}
