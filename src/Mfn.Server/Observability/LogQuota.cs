namespace Mfn.Server.Observability;

/// <summary>How often something that clients cause may be logged: at most so many messages a minute, so that nobody fills a disk by it. Thread-safe.</summary>
internal sealed class LogQuota(TimeProvider clock)
{
    /// <summary>Messages a minute.</summary>
    public const int MessagesPerMinute = 10;

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

            if (_saidCount == MessagesPerMinute)
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
