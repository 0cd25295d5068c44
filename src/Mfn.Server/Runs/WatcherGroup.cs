using Mfn.Server.Frames;

namespace Mfn.Server.Runs;

/// <summary>The watchers of one format, and what they are still to get. Its audience says who may use it when.</summary>
internal sealed class WatcherGroup
{
    // Of a watcher with a short backlog, some frames may be behind for a moment nevertheless.
    private const int LeastPending = 8;

    private readonly List<Watcher> _watchers = [];
    private readonly LinkedList<PendingFrame> _pending = [];
    private readonly Dictionary<int, int> _intervals = [];
    private Watcher[]? _everybody;
    private int _stateCount;
    private int _patientCount;
    private int _mostPending = LeastPending;
    private long _newestSince;

    public WatcherGroup(FrameFormat format)
    {
        Format = format;
        Deltas = format is { Encoding: not CellEncoding.None, Deltas: { } plan } ? new DeltaGroup(plan, EncodedField.CellSize(format.Encoding)) : null;
    }

    public FrameFormat Format { get; }

    /// <summary>The frames that deltas build on; none if the format has none.</summary>
    public DeltaGroup? Deltas { get; }

    /// <summary>The time that its frames have taken, by the watchers who want them: who has had least is next.</summary>
    public double VirtualTime { get; set; }

    /// <summary>Those who had room for the last frame.</summary>
    public int RoomyCount { get; set; } = 1;

    /// <summary>Whether nobody is in it.</summary>
    public bool IsEmpty => _watchers.Count == 0;

    /// <summary>What comes next; none if there is nothing.</summary>
    public PendingFrame? Next => _pending.First?.Value;

    /// <summary>The newest frame that is still to be made for all.</summary>
    public PendingFrame? Newest => _stateCount > 0 && _pending.Last?.Value is { State: not null, Beginners: null } newest ? newest : null;

    /// <summary>All watchers, as they are now.</summary>
    public Watcher[] Everybody => _everybody ??= [.. _watchers];

    public void Add(Watcher watcher)
    {
        _watchers.Add(watcher);
        _everybody = null;
        _newestSince = watcher.Since;
        _intervals[watcher.Quality.EveryNSteps] = _intervals.GetValueOrDefault(watcher.Quality.EveryNSteps) + 1;
        _patientCount += watcher.Subscription.Delivery == Delivery.Latest ? 0 : 1;

        // One that cannot miss a frame waits for it as long as there is memory for the state.
        _mostPending = watcher.Subscription.Delivery == Delivery.Lossless ? int.MaxValue : Math.Max(_mostPending, watcher.Subscription.MostFrames);
    }

    /// <summary>Takes a watcher out; does nothing if it is not in here.</summary>
    public void Remove(Watcher watcher)
    {
        if (!_watchers.Remove(watcher))
        {
            return;
        }

        _everybody = null;
        var left = _intervals[watcher.Quality.EveryNSteps] -= 1;
        if (left == 0)
        {
            _intervals.Remove(watcher.Quality.EveryNSteps);
        }

        _patientCount -= watcher.Subscription.Delivery == Delivery.Latest ? 0 : 1;
    }

    /// <summary>Adds what they are to get next, if it is due for any of them; a state is retained.</summary>
    public void Append(PendingFrame frame)
    {
        if (frame is { IsForAll: false, Beginners: null, End: null } && !_intervals.Keys.Any(interval => frame.CountDue(interval) > 0))
        {
            return;
        }

        if (frame is { IsMissed: true, IsForAll: false } && _pending.Last?.Value is { IsMissed: true, IsForAll: false } last
            && last.LastStep == frame.FirstStep - 1 && _newestSince < last.Sequence)
        {
            _pending.RemoveLast();
            frame = last with { LastStep = frame.LastStep };
        }

        if (frame.State is not null && frame.Beginners is null)
        {
            // Those who want only the newest have no use for what comes before it.
            MissOldest(_patientCount == 0 ? 0 : _mostPending - 1);
            _stateCount++;
        }

        // Another group may miss what this one gets.
        frame.State?.Retain();
        _pending.AddLast(frame with { });
    }

    /// <summary>Lets another one begin with the state that the last one to come begins with; returns false if nobody does.</summary>
    public bool TryBegin(Watcher watcher, StateCopy state)
    {
        if (_pending.Last?.Value is { Beginners: { } beginners } last && last.State == state)
        {
            beginners.Add(watcher);
            return true;
        }

        return false;
    }

    /// <summary>Takes what comes next; a state that it has is the caller's to release.</summary>
    public PendingFrame TakeNext()
    {
        var next = _pending.First!.Value;
        _pending.RemoveFirst();
        _stateCount -= next is { State: not null, Beginners: null } ? 1 : 0;
        return next;
    }

    /// <summary>Makes it miss the frame of a state, if that is still to be made.</summary>
    public void Miss(StateCopy state)
    {
        foreach (var frame in _pending)
        {
            if (frame.State == state && frame.Beginners is null)
            {
                Miss(frame);
                return;
            }

            if (frame.FirstStep > state.Step)
            {
                return;
            }
        }
    }

    /// <summary>The frames after something that were due for a watcher of a quality and are still to be made or told of.</summary>
    public long CountDue(long sequence, WatchQuality quality) => _pending
        .Where(frame => frame.Sequence > sequence && frame.Beginners is null && frame.End is null).Sum(frame => (long)frame.CountDue(quality.EveryNSteps));

    /// <summary>Lets go of all that is still to come.</summary>
    public void Forget()
    {
        while (_pending.Count > 0)
        {
            TakeNext().State?.Release();
        }

        Deltas?.Forget();
    }

    private void MissOldest(int mostStates)
    {
        for (var node = _pending.First; node is not null && _stateCount > mostStates; node = node.Next)
        {
            if (node.Value is { State: not null, Beginners: null })
            {
                Miss(node.Value);
            }
        }
    }

    private void Miss(PendingFrame frame)
    {
        frame.State!.Release();
        frame.State = null;
        _stateCount--;
    }
}
