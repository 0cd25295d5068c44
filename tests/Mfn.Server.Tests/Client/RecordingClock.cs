using System.Collections.Concurrent;

namespace Mfn.Server.Tests.Client;

/// <summary>The system's clock, which remembers how long it was asked to wait.</summary>
internal sealed class RecordingClock : TimeProvider
{
    public ConcurrentQueue<TimeSpan> Waits { get; } = [];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Waits.Enqueue(dueTime);
        return base.CreateTimer(callback, state, dueTime, period);
    }
}
