namespace Mfn.Server.Quotas;

/// <summary>
/// The cell-steps that somebody has saved up: a token bucket whose level may be negative, by what has been promised to calls that are still to come. What is
/// promised is taken at once, so that nobody who comes later can have it. Not thread-safe.
/// </summary>
/// <remarks>
/// The framework's TokenBucketRateLimiter takes nothing back, cannot tell the moment at which it will have so many tokens, and has a clock of its own.
/// </remarks>
internal sealed class CellStepBucket
{
    private double _ratePerTick;
    private double _burst;
    private double _level;
    private double _filled;
    private long _filledAt;

    /// <summary>Whether it bounds anything.</summary>
    public bool IsLimited { get; private set; }

    /// <summary>The most that it can hold, and so the most that anything may cost.</summary>
    public double Burst => IsLimited ? _burst : double.PositiveInfinity;

    /// <summary>Gives it other limits; a new one is full.</summary>
    /// <param name="limits">The rate and the time for which it is saved up.</param>
    /// <param name="now">The time in ticks.</param>
    public void Limit(QuotaLimits limits, long now)
    {
        Fill(now);
        var wasLimited = IsLimited;
        IsLimited = limits.CellStepsPerSecond is not null;
        _ratePerTick = limits.CellStepsPerSecond.GetValueOrDefault() / (double)TimeSpan.TicksPerSecond;
        _burst = limits.Burst;
        _level = wasLimited ? Math.Min(_level, _burst) : _burst;
        _filledAt = now;
    }

    /// <summary>Whether it holds the most that it can.</summary>
    public bool IsFull(long now)
    {
        Fill(now);
        return !IsLimited || _level >= _burst;
    }

    /// <summary>What it holds; below 0 where more is promised than it has.</summary>
    public double LevelAt(long now)
    {
        Fill(now);
        return _level;
    }

    /// <summary>When it will have so much beyond what is promised; now, or later.</summary>
    public long TimeFor(double amount, long now)
    {
        Fill(now);
        var missing = IsLimited ? amount - _level : 0;
        return missing <= 0 ? now : now + (long)Math.Min(Math.Ceiling(missing / _ratePerTick), long.MaxValue / 4);
    }

    /// <summary>
    /// What will have flowed in, since it was made, when it will have so much beyond what is promised: when that is depends on the rate, which may change meanwhile.
    /// </summary>
    public double MarkFor(double amount, long now)
    {
        Fill(now);
        return _filled + (IsLimited ? Math.Max(0, amount - _level) : 0);
    }

    /// <summary>When so much will have flowed in at the rate of now; now, or later.</summary>
    public long TimeOf(double mark, long now)
    {
        Fill(now);

        // Sums are rounded: a millionth of a cell-step is none.
        var missing = IsLimited ? mark - _filled - Math.Max(1e-6, mark * 1e-12) : 0;
        return missing <= 0 ? now : now + (long)Math.Min(Math.Ceiling(missing / _ratePerTick), long.MaxValue / 4);
    }

    /// <summary>Takes an amount, whether it is there or not.</summary>
    public void Take(double amount, long now)
    {
        Fill(now);
        _level -= IsLimited ? amount : 0;
    }

    /// <summary>Takes an amount back.</summary>
    public void Return(double amount, long now)
    {
        Fill(now);
        _level = Math.Min(_burst, _level + (IsLimited ? amount : 0));
    }

    private void Fill(long now)
    {
        if (now > _filledAt)
        {
            var more = (now - _filledAt) * _ratePerTick;
            _filled += more;
            _level = Math.Min(_burst, _level + more);
            _filledAt = now;
        }
    }
}
