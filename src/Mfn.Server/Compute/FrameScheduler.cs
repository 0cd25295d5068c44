namespace Mfn.Server.Compute;

/// <summary>
/// The threads that make the frames of live runs: half as many as there are processors. They take what the steps of runs and simulations leave,
/// and a small share in any case. What has more to do than a time slice queues again, so that the runs take turns. Frames of history, whose steps
/// have been computed already and whose readers must get ahead of the run, do not wait for what is left: there is one at a time for each of the
/// few that replay.
/// </summary>
internal sealed class FrameScheduler : TaskScheduler, IDisposable
{
    /// <summary>How long a turn is.</summary>
    public static readonly TimeSpan TimeSlice = TimeSpan.FromMilliseconds(5);

    // Of all processors: what the frames have however busy the runs are.
    private const double LeastShare = 0.04;

    // Time that was not used is not kept for longer than this much of it.
    private static readonly TimeSpan MostCredit = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(20);

    private readonly object _lock = new();

    // One item a run that has frames to make, and the frames of history, which take turns with them.
    private readonly Queue<IThreadPoolWorkItem> _present = [];
    private readonly Queue<Task> _history = [];
    private readonly ComputeScheduler _steps;
    private readonly TimeProvider _clock;
    private readonly Thread[] _threads;
    private int _waitingForTime;
    private bool _isHistoryNext;
    private bool _isClosed;
    private TimeSpan _credit = MostCredit;
    private TimeSpan _busyTime;
    private TimeSpan _historyTime;
    private long _accrued;

    public FrameScheduler(ComputeScheduler steps, TimeProvider clock)
    {
        _steps = steps;
        _clock = clock;
        _accrued = clock.GetTimestamp();
        _threads = new Thread[Math.Max(1, Environment.ProcessorCount / 2)];
        for (var i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(ExecuteAll) { IsBackground = true, Name = $"mfn-frames-{i}" };
            _threads[i].Start();
        }
    }

    public override int MaximumConcurrencyLevel => _threads.Length;

    /// <summary>Has an item executed in its turn; it queues itself again if it has more to do than a time slice takes. None is executed after the end.</summary>
    public void Queue(IThreadPoolWorkItem item)
    {
        lock (_lock)
        {
            _present.Enqueue(item);

            // Whoever waits for time looks for itself: waking it would cost the run, and get nobody a frame.
            if (_waitingForTime == 0)
            {
                Monitor.Pulse(_lock);
            }
        }
    }

    /// <summary>Makes something of a run's history, in its turn.</summary>
    public Task<T> ComputeAsync<T>(Func<T> work, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(work, cancellationToken, TaskCreationOptions.DenyChildAttach, this);

    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
            Monitor.PulseAll(_lock);
        }

        foreach (var thread in _threads)
        {
            thread.Join();
        }
    }

    protected override void QueueTask(Task task)
    {
        lock (_lock)
        {
            _history.Enqueue(task);
            Monitor.Pulse(_lock);
        }
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_lock)
        {
            return [.. _history];
        }
    }

    private void ExecuteAll()
    {
        while (Take() is { } work)
        {
            var start = _clock.GetTimestamp();
            if (work is Task task)
            {
                TryExecuteTask(task);
            }
            else
            {
                ((IThreadPoolWorkItem)work).Execute();
            }

            var taken = _clock.GetElapsedTime(start);
            lock (_lock)
            {
                if (work is Task)
                {
                    _historyTime += taken;
                }
                else
                {
                    _credit -= taken;
                }
            }
        }
    }

    /// <summary>Waits for something to do and for the time to do it; null at the end.</summary>
    private object? Take()
    {
        lock (_lock)
        {
            while (!_isClosed)
            {
                if (_history.Count > 0 && (_isHistoryNext || _present.Count == 0))
                {
                    _isHistoryNext = false;
                    return _history.Dequeue();
                }

                if (_present.Count == 0)
                {
                    Monitor.Wait(_lock);
                    continue;
                }

                var rate = Accrue();
                if (_credit > TimeSpan.Zero)
                {
                    _isHistoryNext = true;
                    var next = _present.Dequeue();
                    if (_present.Count > 0)
                    {
                        Monitor.Pulse(_lock);
                    }

                    return next;
                }

                if (_history.Count > 0)
                {
                    return _history.Dequeue();
                }

                var wait = _credit.Negate() / rate;
                _waitingForTime++;
                Monitor.Wait(_lock, wait < LongestWait ? wait + TimeSpan.FromMilliseconds(1) : LongestWait);
                _waitingForTime--;
            }

            return null;
        }
    }

    /// <summary>Adds what steps and history have left since the last time, or the least share; returns what is added at least in a unit of time.</summary>
    private double Accrue()
    {
        var now = _clock.GetTimestamp();
        var elapsed = _clock.GetElapsedTime(_accrued, now);
        var busyTime = _steps.BusyTime + _historyTime;
        var leisure = (elapsed * Environment.ProcessorCount) - (busyTime - _busyTime);
        var least = LeastShare * Environment.ProcessorCount;
        var credit = _credit + (leisure > elapsed * least ? leisure : elapsed * least);
        _credit = credit < MostCredit ? credit : MostCredit;
        (_accrued, _busyTime) = (now, busyTime);
        return least;
    }
}
