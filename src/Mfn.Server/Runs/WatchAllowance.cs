namespace Mfn.Server.Runs;

/// <summary>
/// The time that a run spends on its watchers: a small share of that of its steps, and what it has left until its next step is due. Beyond it, watchers
/// who can be told so miss frames, rather than the run its pace.
/// </summary>
internal sealed class WatchAllowance
{
    // The frames themselves have a share of their own: all of it together is to stay below a tenth.
    private const double Share = 0.02;

    // Of the last passes that took all the steps they could.
    private const double MeasuredWeight = 1.0 / 8;

    // A step that takes many times as long was interrupted.
    private const double MostExtra = 3;

    // Frames in a row that a run without a pace may bring before the share decides.
    private static readonly TimeSpan Most = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan MeasureInterval = TimeSpan.FromSeconds(1);

    private TimeSpan _left = Most;
    private TimeSpan _stepTime;
    private TimeSpan _unmeasured;

    /// <summary>Whether there is time.</summary>
    public bool HasTime => _left > TimeSpan.Zero && !MustMeasure;

    /// <summary>Whether there will be none soon: the run brings fewer frames than are due.</summary>
    public bool IsScarce => _left < Most / 2;

    /// <summary>Whether it is long since a pass took all the steps it could, so that nobody knows what those cost that are taken one by one.</summary>
    private bool MustMeasure => _unmeasured > (_stepTime == TimeSpan.Zero ? Most : MeasureInterval);

    /// <summary>The run has taken steps.</summary>
    /// <param name="time">In this time.</param>
    /// <param name="stepCount">So many at once.</param>
    /// <param name="passStepCount">And could have taken so many in one pass: what fewer take longer is spent on those who want the frames between them.</param>
    public void Earn(TimeSpan time, int stepCount, int passStepCount)
    {
        var extra = TimeSpan.Zero;
        if (stepCount >= passStepCount)
        {
            var stepTime = time / stepCount;
            _stepTime = _stepTime == TimeSpan.Zero ? stepTime : _stepTime + ((stepTime - _stepTime) * MeasuredWeight);
            _unmeasured = TimeSpan.Zero;
        }
        else
        {
            // What was not to be measured now is tried again later.
            _unmeasured = MustMeasure ? TimeSpan.Zero : _unmeasured + time;
            if (_stepTime > TimeSpan.Zero)
            {
                var expected = _stepTime * stepCount;
                extra = TimeSpan.FromTicks(Math.Clamp((time - expected).Ticks, 0, (long)(expected.Ticks * MostExtra)));
            }
        }

        var left = _left + (time * Share) - extra;
        _left = left < Most ? left : Most;
    }

    /// <summary>The run waits for its next step to be due, or for somebody to let it go on.</summary>
    public void Rest() => (_left, _unmeasured) = (Most, TimeSpan.Zero);

    /// <summary>The run has done something for its watchers.</summary>
    public void Spend(TimeSpan time) => _left -= time;
}
