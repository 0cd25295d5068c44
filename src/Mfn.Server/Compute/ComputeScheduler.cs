using System.Collections.Concurrent;
using System.Diagnostics;
using Mfn.Core.Simulation;

namespace Mfn.Server.Compute;

/// <summary>
/// Runs compute on these threads, one a processor, and take turns: each yields after its time slice. The thread pool stays free, so that
/// the server answers however many runs are under way.
/// </summary>
internal sealed class ComputeScheduler : TaskScheduler, IDisposable
{
    /// <summary>The most steps that an engine is asked for at once: it takes several in one pass over memory, and beyond this many gains nothing.</summary>
    public const int MaxStepsAtOnce = 8;

    /// <summary>How long a turn is: long enough to make switching cheap, short enough that a small run among large ones is not held up.</summary>
    public static readonly TimeSpan TimeSlice = TimeSpan.FromMilliseconds(5);

    // Tasks, and items that help with one. Bounded by the number of runs, since each has at most one continuation and its helpers waiting.
    private readonly BlockingCollection<object> _waiting = [];
    private readonly Thread[] _threads;

    // By thread: the time that it has computed, and since when it does, or 0.
    private readonly long[] _busyTicks;
    private readonly long[] _busySince;

    public ComputeScheduler()
    {
        _threads = new Thread[Environment.ProcessorCount];
        _busyTicks = new long[_threads.Length];
        _busySince = new long[_threads.Length];
        Helpers = new StepHelpers(_threads.Length - 1, _waiting.Add);
        for (var i = 0; i < _threads.Length; i++)
        {
            var index = i;
            _threads[i] = new Thread(() => ExecuteAll(index)) { IsBackground = true, Name = $"mfn-compute-{i}" };
            _threads[i].Start();
        }
    }

    /// <summary>The threads that have nothing else to do help with a step; their help waits for its turn like everything else.</summary>
    public StepHelpers Helpers { get; }

    public override int MaximumConcurrencyLevel => _threads.Length;

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

    /// <summary>Computes something short, in its turn.</summary>
    public Task<T> ComputeAsync<T>(Func<T> work, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(work, cancellationToken, TaskCreationOptions.DenyChildAttach, this);

    public void Dispose()
    {
        _waiting.CompleteAdding();
        foreach (var thread in _threads)
        {
            thread.Join();
        }

        _waiting.Dispose();
    }

    protected override void QueueTask(Task task) => _waiting.Add(task);

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => _waiting.OfType<Task>().ToArray();

    private void ExecuteAll(int index)
    {
        foreach (var waiting in _waiting.GetConsumingEnumerable())
        {
            var start = Stopwatch.GetTimestamp();
            Volatile.Write(ref _busySince[index], start);
            if (waiting is Task task)
            {
                TryExecuteTask(task);
            }
            else
            {
                ((IThreadPoolWorkItem)waiting).Execute();
            }

            Volatile.Write(ref _busySince[index], 0);
            Volatile.Write(ref _busyTicks[index], _busyTicks[index] + Stopwatch.GetTimestamp() - start);
        }
    }
}
