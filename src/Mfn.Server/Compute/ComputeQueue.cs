using Mfn.Core.Simulation;

namespace Mfn.Server.Compute;

/// <summary>
/// What one identity has waiting for the threads of the <see cref="ComputeScheduler"/>. What is begun here goes on here: each time that it yields, it waits in this
/// queue again.
/// </summary>
internal sealed class ComputeQueue : TaskScheduler
{
    private readonly ComputeScheduler _scheduler;

    internal ComputeQueue(ComputeScheduler scheduler)
    {
        _scheduler = scheduler;
        Helpers = new StepHelpers(scheduler.ThreadCount - 1, Add);
    }

    /// <summary>The threads that have nothing else to do help with a step; their help waits for its turn like everything else.</summary>
    public StepHelpers Helpers { get; }

    public override int MaximumConcurrencyLevel => _scheduler.ThreadCount;

    // Tasks, and items that help with one. Bounded by the number of runs, since each has at most one continuation and its helpers waiting.
    internal Queue<object> Waiting { get; } = [];

    /// <summary>The time that it has had, in ticks, from where it began; what is being executed counts as a time slice.</summary>
    internal long Had { get; set; }

    /// <summary>How many of its items are being executed.</summary>
    internal int ExecutingCount { get; set; }

    /// <summary>Computes something short, in its turn.</summary>
    public Task<T> ComputeAsync<T>(Func<T> work, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(work, cancellationToken, TaskCreationOptions.DenyChildAttach, this);

    internal void Execute(object item)
    {
        if (item is Task task)
        {
            TryExecuteTask(task);
        }
        else
        {
            ((IThreadPoolWorkItem)item).Execute();
        }
    }

    protected override void QueueTask(Task task) => Add(task);

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => _scheduler.TasksOf(this);

    private void Add(object item) => _scheduler.Add(this, item);
}
