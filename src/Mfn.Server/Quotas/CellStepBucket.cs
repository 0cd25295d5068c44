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

    /// <summary>When it will have so much beyond what is promised; now, or later.</summary>
    public long TimeFor(double amount, long now)
    {
        Fill(now);
        var missing = IsLimited ? amount - _level : 0;
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
            _level = Math.Min(_burst, _level + ((now - _filledAt) * _ratePerTick));
            _filledAt = now;
        }
    }
}
