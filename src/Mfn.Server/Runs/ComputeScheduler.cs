using System.Collections.Concurrent;

namespace Mfn.Server.Runs;

/// <summary>
/// Runs compute on these threads, one a processor, and take turns: each yields after its time slice. The thread pool stays free, so that
/// the server answers however many runs are under way.
/// </summary>
internal sealed class ComputeScheduler : TaskScheduler, IDisposable
{
    // Bounded by the number of runs, since each has at most one continuation waiting.
    private readonly BlockingCollection<Task> _waiting = [];
    private readonly Thread[] _threads;

    public ComputeScheduler()
    {
        _threads = new Thread[Environment.ProcessorCount];
        for (var i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(ExecuteAll) { IsBackground = true, Name = $"mfn-compute-{i}" };
            _threads[i].Start();
        }
    }

    public override int MaximumConcurrencyLevel => _threads.Length;

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

    protected override IEnumerable<Task> GetScheduledTasks() => _waiting.ToArray();

    private void ExecuteAll()
    {
        foreach (var task in _waiting.GetConsumingEnumerable())
        {
            TryExecuteTask(task);
        }
    }
}
