namespace Mfn.Server.Runs;

/// <summary>
/// Reminds watchers that are sent nothing, each between half an interval and one after its last message. One timer serves all of them, and
/// reminds a part of them at a time: many that wait since the same moment would otherwise be written to at once, each with memory of its own.
/// </summary>
internal sealed class Heartbeats : IDisposable
{
    private const int GroupCount = 32;

    private readonly Lock _lock = new();
    private readonly HashSet<Subscription>[] _groups;
    private readonly ITimer _timer;
    private int _added;
    private int _turn;

    public Heartbeats(TimeSpan interval, TimeProvider clock)
    {
        _groups = [.. Enumerable.Range(0, GroupCount).Select(_ => new HashSet<Subscription>())];

        // A watcher is reminded when its group has had two turns since its last message.
        var period = interval / 2 / GroupCount;
        _timer = clock.CreateTimer(_ => RemindNextGroup(), state: null, period, period);
    }

    /// <summary>Reminds the subscription until the result is disposed.</summary>
    public IDisposable Add(Subscription subscription)
    {
        lock (_lock)
        {
            var group = _groups[_added++ & (GroupCount - 1)];
            group.Add(subscription);
            return new Membership(this, group, subscription);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void RemindNextGroup()
    {
        lock (_lock)
        {
            foreach (var subscription in _groups[_turn])
            {
                subscription.Remind();
            }

            _turn = (_turn + 1) & (GroupCount - 1);
        }
    }

    private sealed class Membership(Heartbeats heartbeats, HashSet<Subscription> group, Subscription subscription) : IDisposable
    {
        public void Dispose()
        {
            lock (heartbeats._lock)
            {
                group.Remove(subscription);
            }
        }
    }
}
