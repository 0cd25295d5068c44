using Mfn.Server.Logging;

namespace Mfn.Server.Memory;

/// <summary>
/// Gives memory back to the system when the server has little to do: the runtime keeps what a burst needed, and collects only when something is
/// allocated.
/// </summary>
internal sealed partial class MemoryTrimmer(MemoryAccount account, TimeProvider clock, ILogger<MemoryTrimmer> logger) : IHostedService, IDisposable
{
    /// <summary>How often it looks; it gives memory back when it has found the server quiet twice in a row.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    // Of one processor: a collection stops what little there is for some milliseconds.
    private const double QuietShare = 0.3;

    // Some of what the runtime and its libraries keep they let go of only after a while: it tries again ever later.
    private const int LongestPause = 120;

    private const long WorthTrimming = 32L << 20;

    // What the process takes of itself.
    private const long OwnBytes = 96L << 20;

    private ITimer? _timer;
    private int _isLooking;
    private TimeSpan _processorTime;
    private long _looked;
    private bool _wasQuiet;

    // In times that it looks.
    private int _pause;
    private int _untilNext;
    private long _takenBytes;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        (_looked, _processorTime) = (clock.GetTimestamp(), Environment.CpuUsage.TotalTime);
        _timer = clock.CreateTimer(_ => LookOnce(), state: null, Interval, Interval);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _timer?.Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _timer?.Dispose();

    private void LookOnce()
    {
        if (Interlocked.Exchange(ref _isLooking, 1) == 0)
        {
            Look();
            Volatile.Write(ref _isLooking, 0);
        }
    }

    private void Look()
    {
        var (now, processorTime) = (clock.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var isQuiet = processorTime - _processorTime < clock.GetElapsedTime(_looked, now) * QuietShare;
        (_looked, _processorTime) = (now, processorTime);
        var isTime = isQuiet && _wasQuiet;
        _wasQuiet = isQuiet;
        if (!isQuiet || _takenBytes - account.TakenBytes > WorthTrimming)
        {
            (_pause, _untilNext, _takenBytes) = (0, 0, account.TakenBytes);
        }

        if (isTime && --_untilNext < 0 && Environment.WorkingSet is var before && before - account.TakenBytes > OwnBytes + WorthTrimming)
        {
            var start = clock.GetTimestamp();
            account.Trim();
            var (after, took) = (Environment.WorkingSet, clock.GetElapsedTime(start));
            _pause = Math.Min((_pause * 2) + 1, LongestPause);
            (_untilNext, _takenBytes) = (_pause, account.TakenBytes);
            LogTrimmed(before >> 20, after >> 20, took.TotalMilliseconds);

            // Its own processor time is no work.
            (_looked, _processorTime) = (clock.GetTimestamp(), Environment.CpuUsage.TotalTime);
        }
    }

    [LoggerMessage(EventId = 1702, EventName = "MemoryTrimmed", Level = LogLevel.Information, Message = "Memory given back: {Before} MiB are {After} MiB now, after {Milliseconds:F0} ms")]
    [LogMeaning("The server had much memory that it no longer needed.")]
    private partial void LogTrimmed(long before, long after, double milliseconds);
}
