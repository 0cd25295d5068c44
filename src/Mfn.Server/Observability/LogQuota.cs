namespace Mfn.Server.Observability;

/// <summary>How often something that clients cause may be logged: at most so many messages a minute, so that nobody fills a disk by it. Thread-safe.</summary>
internal sealed class LogQuota(TimeProvider clock, int mostAMinute = LogQuota.OfEverybody)
{
    /// <summary>Messages a minute that everybody together can cause.</summary>
    public const int OfEverybody = 10;

    /// <summary>Messages a minute that one caller can cause who is known.</summary>
    public const int OfOneCaller = 30;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long _windowStart = clock.GetTimestamp();
    private int _saidCount;
    private long _unsaidCount;

    /// <summary>Whether there is room for a message, and how many found none since the last that did.</summary>
    public bool TryTake(out long unsaidCount)
    {
        lock (_lock)
        {
            unsaidCount = 0;
            if (clock.GetElapsedTime(_windowStart) >= Window)
            {
                (_windowStart, _saidCount) = (clock.GetTimestamp(), 0);
            }

            if (_saidCount == mostAMinute)
            {
                _unsaidCount++;
                return false;
            }

            _saidCount++;
            (unsaidCount, _unsaidCount) = (_unsaidCount, 0);
            return true;
        }
    }
}
