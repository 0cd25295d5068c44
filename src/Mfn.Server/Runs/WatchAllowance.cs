namespace Mfn.Server.Runs;

/// <summary>
/// The time that a run spends on its watchers: a small share of that of its steps, and what it has left until its next step is due. Beyond it, watchers
/// who can be told so miss frames, rather than the run its pace.
/// </summary>
internal sealed class WatchAllowance
{
    // Steps taken one by one, for frames that are due, cost a little more too: all of it together is to stay below a tenth.
    private const double Share = 0.05;

    // Frames in a row that a run without a pace may bring before the share decides.
    private static readonly TimeSpan Most = TimeSpan.FromMilliseconds(20);

    private TimeSpan _left = Most;

    /// <summary>Whether there is time.</summary>
    public bool HasTime => _left > TimeSpan.Zero;

    /// <summary>The run has taken steps.</summary>
    public void Earn(TimeSpan stepping)
    {
        var left = _left + (stepping * Share);
        _left = left < Most ? left : Most;
    }

    /// <summary>The run waits for its next step to be due, or for somebody to let it go on.</summary>
    public void Rest() => _left = Most;

    /// <summary>The run has done something for its watchers.</summary>
    public void Spend(TimeSpan time) => _left -= time;
}
