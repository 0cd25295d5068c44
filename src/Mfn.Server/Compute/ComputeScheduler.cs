using System.Diagnostics;
using System.Runtime.CompilerServices;
using Grpc.Core;
using Mfn.Server.Memory;
using Mfn.Server.Observability;

namespace Mfn.Server.Compute;

/// <summary>
/// Runs compute on these threads, one a processor, and take turns: each yields after its time slice. The next turn is for the identity that has had the least time among
/// those that wait, so that one with many runs takes nothing from one with few; among its own, runs take turns in order. The thread pool stays free, so that
/// the server answers however many runs are under way.
/// </summary>
/// <remarks>
/// Start-time fair queueing (Goyal, Vin and Cheng, 1996): who comes back after a while begins where the others are, so that it neither has saved up time nor owes any.
/// </remarks>
internal sealed class ComputeScheduler : IDisposable
{
    /// <summary>The most steps that an engine is asked for at once: it takes several in one pass over memory, and beyond this many gains nothing.</summary>
    public const int MaxStepsAtOnce = 8;

    /// <summary>How long a turn is: long enough to make switching cheap, short enough that a small run among large ones is not held up.</summary>
    public static readonly TimeSpan TimeSlice = TimeSpan.FromMilliseconds(5);

    private static readonly long SliceTicks = (long)(TimeSlice.TotalSeconds * Stopwatch.Frequency);

    private readonly object _lock = new();

    // Those with something waiting, in the order in which they came.
    private readonly List<ComputeQueue> _ready = [];
    private readonly ConditionalWeakTable<MemoryHolder, ComputeQueue> _queues = [];
    private readonly ComputeQueue _common;
    private readonly Thread[] _threads;

    // By thread: the time that it has computed, and since when it does, or 0.
    private readonly long[] _busyTicks;
    private readonly long[] _busySince;
    private long _now;
    private int _idleCount;
    private bool _isClosed;

    public ComputeScheduler()
    {
        _threads = new Thread[Environment.ProcessorCount];
        _busyTicks = new long[_threads.Length];
        _busySince = new long[_threads.Length];
        _common = new ComputeQueue(this);
        for (var i = 0; i < _threads.Length; i++)
        {
            var index = i;
            _threads[i] = new Thread(() => ExecuteAll(index)) { IsBackground = true, Name = $"mfn-compute-{i}" };
            _threads[i].Start();
        }
    }

    /// <summary>How many threads there are.</summary>
    public int ThreadCount => _threads.Length;

    /// <summary>How much waits for a thread.</summary>
    public int WaitingCount
    {
        get
        {
            lock (_lock)
            {
                return _ready.Sum(queue => queue.Waiting.Count);
            }
        }
    }

    /// <summary>The time that the threads have computed, all together.</summary>
    public TimeSpan BusyTime
    {
        get
        {
            var (now, ticks) = (Stopwatch.GetTimestamp(), 0L);
            for (var i = 0; i < _threads.Length; i++)
            {
                // Between the two readings the thread may have ended what it did, which the next reading makes up for.
                var since = Volatile.Read(ref _busySince[i]);
                ticks += Volatile.Read(ref _busyTicks[i]) + (since == 0 ? 0 : Math.Max(0, now - since));
            }

            return Stopwatch.GetElapsedTime(0, ticks);
        }
    }

    /// <summary>Computes something short for a call, in its caller's turn.</summary>
    public Task<T> ComputeAsync<T>(Func<T> work, ServerCallContext context) => ComputeAsync(work, QueueOf(MemoryHolder.Of(context)), context.CancellationToken);

    /// <summary>The same for one of the many parts of a stream, which have no spans.</summary>
    public Task<T> ComputePartAsync<T>(Func<T> work, ServerCallContext context) => QueueOf(MemoryHolder.Of(context)).ComputeAsync(work, context.CancellationToken);

    /// <summary>The same in the turn of a queue, with a span each of the waiting and of the work.</summary>
    public static async Task<T> ComputeAsync<T>(Func<T> work, ComputeQueue queue, CancellationToken cancellationToken)
    {
        using var queued = Spans.StartAside(Spans.Queue);
        return await queue.ComputeAsync(
            () =>
            {
                queued?.Dispose();
                return Spans.Within(Spans.Compute, work);
            },
            cancellationToken);
    }

    /// <summary>The queue of who calls; one for all of whom nothing is known.</summary>
    public ComputeQueue QueueOf(MemoryHolder? holder) => QueueOfIdentity(holder?.Caller);

    /// <summary>The queue of an identity; that of all if it is none.</summary>
    public ComputeQueue QueueOfIdentity(MemoryHolder? caller) => caller is null ? _common : _queues.GetValue(caller, _ => new ComputeQueue(this));

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

    internal void Add(ComputeQueue queue, object item)
    {
        lock (_lock)
        {
            if (queue.Waiting.Count == 0)
            {
                if (queue.ExecutingCount == 0 && queue.Had < _now)
                {
                    queue.Had = _now;
                }

                _ready.Add(queue);
            }

            queue.Waiting.Enqueue(item);
            if (_idleCount > 0)
            {
                Monitor.Pulse(_lock);
            }
        }
    }

    internal Task[] TasksOf(ComputeQueue queue)
    {
        lock (_lock)
        {
            return [.. queue.Waiting.OfType<Task>()];
        }
    }

    private void ExecuteAll(int index)
    {
        while (Take() is ({ } queue, { } item))
        {
            var start = Stopwatch.GetTimestamp();
            Volatile.Write(ref _busySince[index], start);
            queue.Execute(item);
            var taken = Stopwatch.GetTimestamp() - start;
            Volatile.Write(ref _busySince[index], 0);
            Volatile.Write(ref _busyTicks[index], _busyTicks[index] + taken);
            lock (_lock)
            {
                queue.ExecutingCount--;
                queue.Had += taken - SliceTicks;
            }
        }
    }

    /// <summary>Waits for something to do; at the end, when everything is done, there is nothing.</summary>
    private (ComputeQueue? Queue, object? Item) Take()
    {
        lock (_lock)
        {
            while (_ready.Count == 0)
            {
                if (_isClosed)
                {
                    return default;
                }

                _idleCount++;
                Monitor.Wait(_lock);
                _idleCount--;
            }

            var next = 0;
            for (var i = 1; i < _ready.Count; i++)
            {
                if (_ready[i].Had < _ready[next].Had)
                {
                    next = i;
                }
            }

            var queue = _ready[next];
            var item = queue.Waiting.Dequeue();
            if (queue.Waiting.Count == 0)
            {
                _ready.RemoveAt(next);
            }

            _now = Math.Max(_now, queue.Had);
            queue.ExecutingCount++;
            queue.Had += SliceTicks;
            return (queue, item);
        }
    }
}
