using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using Mfn.Server.Frames;

namespace Mfn.Server.Runs;

/// <summary>
/// One watcher's share of a run's frames: a bounded backlog between who makes them, which never waits for it, and the watcher.
/// </summary>
internal sealed class Subscription : IDisposable, IValueTaskSource
{
    // This many backlogs' worth of frames must find room before a degraded watcher gets more again.
    private const int PatienceInBacklogs = 8;

    private readonly Lock _lock = new();
    private readonly LinkedList<WatchItem> _backlog = [];
    private readonly IReadOnlyList<WatchQuality> _qualities;
    private readonly Delivery _delivery;
    private readonly int _maxFrames;
    private readonly long _maxBytes;
    private ManualResetValueTaskSourceCore<bool> _arrival = new() { RunContinuationsAsynchronously = true };
    private bool _isAwaited;
    private bool _isQuiet;
    private bool _isReminded;
    private int _frameCount;

    // Those that were dropped after the last one in the backlog; a frame in it has its own count of those before it.
    private long _droppedCount;
    private int _newestStep;
    private int _missedCount;
    private RunEnd? _end;
    private WatchItem? _overrun;
    private Exception? _fault;
    private bool _isClosed;
    private int _level;
    private int _roomyCount;

    /// <param name="delivery">What happens when the backlog is full.</param>
    /// <param name="qualities">What the watcher gets: as it asked for, then ever less. Only the first unless it may be degraded.</param>
    /// <param name="maxFrames">Frames that may wait.</param>
    /// <param name="maxBytes">Bytes that may wait, beyond one frame.</param>
    public Subscription(Delivery delivery, IReadOnlyList<WatchQuality> qualities, int maxFrames, long maxBytes)
    {
        _delivery = delivery;
        _qualities = qualities;
        _maxFrames = delivery == Delivery.Latest ? 1 : maxFrames;
        _maxBytes = maxBytes;
    }

    /// <summary>What it gets by now. Changed by who makes the frames alone, in <see cref="Offer"/> and <see cref="Miss"/>.</summary>
    public WatchQuality Quality => _qualities[_level];

    /// <summary>What it asked for: no quality that it may get has frames due at other steps.</summary>
    public WatchQuality Asked => _qualities[0];

    /// <summary>The frames that may wait.</summary>
    public int MostFrames => _maxFrames;

    /// <summary>What happens when the backlog is full.</summary>
    public Delivery Delivery => _delivery;

    /// <summary>Whether the watcher has taken all that there was.</summary>
    public bool IsAwaited
    {
        get
        {
            lock (_lock)
            {
                return _frameCount == 0;
            }
        }
    }

    /// <summary>The frames in the backlog.</summary>
    public int BacklogCount
    {
        get
        {
            lock (_lock)
            {
                return _frameCount;
            }
        }
    }

    /// <summary>Whether <see cref="TakeAsync"/> will return the next item without waiting for it.</summary>
    public bool HasNext
    {
        get
        {
            lock (_lock)
            {
                return _frameCount > 0;
            }
        }
    }

    /// <summary>Whether a frame is due after the step.</summary>
    public bool IsDue(int step) => step % Quality.EveryNSteps == 0;

    /// <summary>Puts a frame into the backlog, which retains it, or drops what the delivery says. Only who makes the frames calls it.</summary>
    /// <param name="frame">Due, and after all that were offered before.</param>
    /// <param name="maxBytes">That may wait now, if that is less than what the watcher may have at most.</param>
    /// <param name="mayRise">Whether a degraded watcher may get more from here on.</param>
    /// <returns>Whether it found room.</returns>
    public bool Offer(SharedFrame frame, long maxBytes = long.MaxValue, bool mayRise = true)
    {
        lock (_lock)
        {
            if (IsOver)
            {
                return false;
            }

            _newestStep = frame.Step;
            _missedCount = 0;
            var capacity = Capacity(frame.ByteCount, maxBytes);
            var isFull = _frameCount >= capacity;
            if (!isFull || MakeRoom(capacity))
            {
                frame.Retain();
                _backlog.AddLast(new WatchItem.Frame(frame) { DroppedBefore = _droppedCount });
                _droppedCount = 0;
                _frameCount++;
            }

            NoteRoom(isFull, mayRise);
            Signal();
            return !isFull;
        }
    }

    /// <summary>Tells of frames that were due but are not made, for whoever would make them is behind: does what the delivery says of a full backlog.</summary>
    /// <param name="count">How many, after all that were offered before; at least 1.</param>
    /// <param name="newestStep">Of the last of them.</param>
    /// <param name="byteCount">Of a frame; none if the memory for frames is not what lacks.</param>
    /// <param name="maxBytes">That may wait now, if that is less than what the watcher may have at most.</param>
    public void Miss(long count, int newestStep, long byteCount = 0, long maxBytes = long.MaxValue)
    {
        lock (_lock)
        {
            if (IsOver)
            {
                return;
            }

            _newestStep = newestStep;
            _missedCount = (int)Math.Min(_missedCount + count, int.MaxValue);
            switch (_delivery)
            {
                case Delivery.Lossless:
                    _overrun = WatchItem.Behind.Instance;
                    Signal();
                    break;
                case Delivery.Degrade when _level + 1 < _qualities.Count && _frameCount + _missedCount > _maxFrames:
                    Fall();
                    _droppedCount += count;
                    Signal();
                    break;
                default:
                    // Told of together with the next frame: until then there is nothing to wake the watcher for.
                    DropOldest(Capacity(byteCount, maxBytes));
                    _droppedCount += count;
                    break;
            }

            _roomyCount = 0;
        }
    }

    /// <summary>Ends the subscription after what is in the backlog.</summary>
    public void End(RunEnd end)
    {
        lock (_lock)
        {
            _end ??= end;
            Signal();
        }
    }

    /// <summary>A fault of ours has kept a frame from being made: the watcher learns of it instead of the next item.</summary>
    public void Fail(Exception fault)
    {
        lock (_lock)
        {
            _fault ??= fault;
            Signal();
        }
    }

    /// <summary>Says that time has passed: a watcher that has been waiting since the last time gets a <see cref="WatchItem.Quiet"/>.</summary>
    public void Remind()
    {
        lock (_lock)
        {
            _isReminded = _isQuiet && _isAwaited;
            _isQuiet = true;
            if (_isReminded)
            {
                Signal();
            }
        }
    }

    /// <summary>The next item; waits for one. One caller at a time.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, be there items or not: a watcher that is always behind has some at all times.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<WatchItem> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            lock (_lock)
            {
                if (_fault is not null)
                {
                    throw new InvalidOperationException("A frame could not be made.", _fault);
                }

                if (TryTake() is { } item)
                {
                    (_isQuiet, _isReminded) = (false, false);
                    return item;
                }

                _arrival.Reset();
                _isAwaited = true;
            }

            await using var registration = cancellationToken.UnsafeRegister(static state => ((Subscription)state!).Wake(), this);
            await new ValueTask(this, _arrival.Version);
        }
    }

    /// <summary>The watcher has gone: releases what is in the backlog.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
            ReleaseBacklog();
        }
    }

    private bool IsOver => _isClosed || _overrun is not null || _end is not null;

    private int Capacity(long byteCount, long maxBytes) => (int)Math.Clamp(Math.Min(_maxBytes, maxBytes) / Math.Max(1, byteCount), 1, _maxFrames);

    private void Wake()
    {
        lock (_lock)
        {
            Signal();
        }
    }

    private void Signal()
    {
        if (_isAwaited)
        {
            _isAwaited = false;
            _arrival.SetResult(true);
        }
    }

    private WatchItem? TryTake()
    {
        // Marks before a frame tell about what follows it, and those that it misses come before them.
        if (FirstFrame() is { DroppedBefore: > 0 } next)
        {
            var dropped = new WatchItem.Dropped(next.DroppedBefore, next.Shared.Step);
            next.DroppedBefore = 0;
            return dropped;
        }

        if (_frameCount == 0 && _droppedCount > 0)
        {
            if (_end is null)
            {
                return _isReminded ? WatchItem.Quiet.Instance : null;
            }

            var dropped = new WatchItem.Dropped(_droppedCount, _newestStep);
            _droppedCount = 0;
            return dropped;
        }

        if (_backlog.First is { } first)
        {
            _backlog.RemoveFirst();
            _frameCount -= first.Value is WatchItem.Frame ? 1 : 0;
            return first.Value;
        }

        if (_overrun is not null)
        {
            return _overrun;
        }

        if (_end is not null)
        {
            return new WatchItem.Ended(_end);
        }

        return _isReminded ? WatchItem.Quiet.Instance : null;
    }

    private WatchItem.Frame? FirstFrame()
    {
        if (_frameCount > 0)
        {
            for (var node = _backlog.First; node is not null; node = node.Next)
            {
                if (node.Value is WatchItem.Frame frame)
                {
                    return frame;
                }
            }
        }

        return null;
    }

    /// <summary>Does what the delivery says of a full backlog; returns whether the new frame goes into it.</summary>
    private bool MakeRoom(int capacity)
    {
        switch (_delivery)
        {
            case Delivery.Lossless:
                _overrun = new WatchItem.Overrun(_maxFrames, capacity < _maxFrames ? _maxBytes : null);
                return false;
            case Delivery.Degrade when _level + 1 < _qualities.Count:
                // The frame at hand is still of the old quality.
                Fall();
                _droppedCount++;
                return false;
            default:
                DropOldest(capacity - 1);
                return true;
        }
    }

    /// <summary>Drops the backlog; the watcher gets less from here on.</summary>
    private void Fall()
    {
        foreach (var frame in _backlog.OfType<WatchItem.Frame>())
        {
            _droppedCount += frame.DroppedBefore + 1;
        }

        ReleaseBacklog();
        _missedCount = 0;
        _level++;
        _backlog.AddLast(new WatchItem.Degraded(Quality));
    }

    /// <summary>Drops frames until so many are left.</summary>
    private void DropOldest(int count)
    {
        var dropped = 0L;
        for (var node = _backlog.First; node is not null && _frameCount > count;)
        {
            // Marks before the frame stay: they tell about what follows.
            var next = node.Next;
            if (node.Value is WatchItem.Frame frame)
            {
                _backlog.Remove(node);
                dropped += frame.DroppedBefore + 1;
                frame.Shared.Release();
                _frameCount--;
            }

            node = next;
        }

        if (dropped > 0 && FirstFrame() is { } left)
        {
            left.DroppedBefore += dropped;
        }
        else
        {
            _droppedCount += dropped;
        }
    }

    private void NoteRoom(bool isFull, bool mayRise)
    {
        _roomyCount = isFull ? 0 : _roomyCount + 1;
        if (_level > 0 && mayRise && _roomyCount > PatienceInBacklogs * _maxFrames)
        {
            _roomyCount = 0;
            _level--;
            _backlog.AddLast(_level == 0 ? new WatchItem.Restored() : new WatchItem.Degraded(Quality));
        }
    }

    private void ReleaseBacklog()
    {
        foreach (var frame in _backlog.OfType<WatchItem.Frame>())
        {
            frame.Shared.Release();
        }

        _backlog.Clear();
        _frameCount = 0;
    }

    void IValueTaskSource.GetResult(short token) => _arrival.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _arrival.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _arrival.OnCompleted(continuation, state, token, flags);
}
