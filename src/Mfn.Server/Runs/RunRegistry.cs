using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Lifetime;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Runs;

/// <summary>Starts runs, holds those under way, and ends them when the server stops.</summary>
internal sealed partial class RunRegistry(
    IOptions<LimitsOptions> limits,
    IOptions<StreamingOptions> streaming,
    ComputeScheduler computeScheduler,
    FieldBufferPool buffers,
    ServerLifetime lifetime,
    TimeProvider clock,
    ILogger<RunRegistry> logger) : IAsyncDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly HashSet<Run> _active = [];
    private int _admittedCount;
    private int _computingCount;
    private bool _isStopping;
    private TaskCompletionSource? _emptied;

    /// <summary>The runs under way.</summary>
    public IReadOnlyCollection<Run> Active
    {
        get
        {
            lock (_lock)
            {
                return [.. _active];
            }
        }
    }

    /// <summary>What counts against the limit: runs, and other computations as long as one.</summary>
    public int AdmittedCount
    {
        get
        {
            lock (_lock)
            {
                return _admittedCount;
            }
        }
    }

    /// <summary>How many places compute; those of uploads under way do not yet.</summary>
    public int ComputingCount => Volatile.Read(ref _computingCount);

    internal ComputeScheduler ComputeScheduler => computeScheduler;

    internal FieldBufferPool Buffers => buffers;

    internal ServerLifetime Lifetime => lifetime;

    internal TimeProvider Clock => clock;

    /// <summary>Starts a run; its owner reads the frames that the plan asks for, and disposes it.</summary>
    /// <param name="order">What to run, and what its owner wants of it; valid.</param>
    /// <param name="cancellationToken">Ends the run between two steps.</param>
    /// <exception cref="CallRefusedException">Too many runs are under way, or the server stops.</exception>
    public Run Start(RunOrder order, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Admit();
            var run = new Run(this, order, streaming.Value.OwnerBacklog, cancellationToken);
            _active.Add(run);
            return run;
        }
    }

    /// <summary>Takes a place for something that will take as long as a run, and counts as one.</summary>
    /// <exception cref="CallRefusedException">Too many runs are under way, or the server stops.</exception>
    public RunPlace TakePlace()
    {
        lock (_lock)
        {
            Admit();
            return new RunPlace(this);
        }
    }

    /// <summary>Refuses further runs; completes when none is under way.</summary>
    public Task StopAccepting()
    {
        lock (_lock)
        {
            _isStopping = true;
            if (_admittedCount == 0)
            {
                return Task.CompletedTask;
            }

            _emptied ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _emptied.Task;
        }
    }

    /// <summary>Ends every run, so that none outlives the threads that it computes on.</summary>
    public async ValueTask DisposeAsync()
    {
        _ = StopAccepting();
        lifetime.EndDraining();
        foreach (var run in Active)
        {
            await ((Task)run.Completion).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    internal void Remove(Run run)
    {
        LogEnded(run.Id, run.Completion.Status, run.Step);
        lock (_lock)
        {
            _active.Remove(run);
            Leave();
        }
    }

    internal void CountComputing(int change) => Interlocked.Add(ref _computingCount, change);

    internal void Leave()
    {
        lock (_lock)
        {
            if (--_admittedCount == 0)
            {
                _emptied?.TrySetResult();
            }
        }
    }

    private void Admit()
    {
        if (_isStopping)
        {
            throw CallRefusedException.Stopping();
        }

        if (_admittedCount >= limits.Value.MaxConcurrentRuns)
        {
            throw CallRefusedException.OverLimit(
                $"The most runs that the server allows, {limits.Value.MaxConcurrentRuns}, are under way. Try again when one has ended.", RetryDelay);
        }

        _admittedCount++;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Run {RunId} ended ({Status}) after {Steps} steps")]
    private partial void LogEnded(RunId runId, TaskStatus status, int steps);
}
