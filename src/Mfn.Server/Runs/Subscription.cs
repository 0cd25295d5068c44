using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using Mfn.Server.Frames;

namespace Mfn.Server.Runs;

/// <summary>
/// One watcher's share of a run's frames: a bounded backlog between the run's task, which never waits for it, and the watcher's.
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
    private long _droppedCount;
    private int _newestStep;
    private RunEnd? _end;
    private WatchItem.Overrun? _overrun;
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

    /// <summary>What it gets by now. Changed by the run's task alone, in <see cref="Offer"/>.</summary>
    public WatchQuality Quality => _qualities[_level];

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
                return _backlog.Count > 0;
            }
        }
    }

    /// <summary>Whether a frame is due after the step.</summary>
    public bool IsDue(int step) => step % Quality.EveryNSteps == 0;

    /// <summary>The steps until the next frame is due.</summary>
    public int StepsUntilDue(int step) => Quality.EveryNSteps - (step % Quality.EveryNSteps);

    /// <summary>Puts a frame into the backlog, which retains it, or drops what the delivery says. Only the run's task calls it.</summary>
    public void Offer(SharedFrame frame)
    {
        lock (_lock)
        {
            if (_isClosed || _overrun is not null || _end is not null)
            {
                return;
            }

            _newestStep = frame.Step;
            var capacity = Capacity(frame);
            var isFull = _frameCount >= capacity;
            if (!isFull || MakeRoom(capacity))
            {
                frame.Retain();
                _backlog.AddLast(new WatchItem.Frame(frame));
                _frameCount++;
            }

            NoteRoom(isFull);
            Signal();
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
    /// <exception cref="OperationCanceledException">Cancelled while it waited.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<WatchItem> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_lock)
            {
                if (TryTake() is { } item)
                {
                    (_isQuiet, _isReminded) = (false, false);
                    return item;
                }

                cancellationToken.ThrowIfCancellationRequested();
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

    private int Capacity(SharedFrame frame) => (int)Math.Clamp(_maxBytes / Math.Max(1, frame.ByteCount), 1, _maxFrames);

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
        if (_droppedCount > 0 && (_frameCount > 0 || _end is not null))
        {
            var nextFrame = _backlog.OfType<WatchItem.Frame>().FirstOrDefault();
            var dropped = new WatchItem.Dropped(_droppedCount, nextFrame?.Shared.Step ?? _newestStep);
            _droppedCount = 0;
            return dropped;
        }

        if (_droppedCount == 0 && _backlog.First is { } first)
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
                _droppedCount += _frameCount + 1;
                ReleaseBacklog();
                _level++;
                _backlog.AddLast(new WatchItem.Degraded(Quality));
                return false;
            default:
                while (_frameCount >= capacity)
                {
                    DropOldest();
                }

                return true;
        }
    }

    private void DropOldest()
    {
        // Marks before the frame stay: they tell about what follows.
        for (var node = _backlog.First; node is not null; node = node.Next)
        {
            if (node.Value is WatchItem.Frame frame)
            {
                _backlog.Remove(node);
                frame.Shared.Release();
                _frameCount--;
                _droppedCount++;
                return;
            }
        }
    }

    private void NoteRoom(bool isFull)
    {
        _roomyCount = isFull ? 0 : _roomyCount + 1;
        if (_level > 0 && _roomyCount > PatienceInBacklogs * _maxFrames)
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
