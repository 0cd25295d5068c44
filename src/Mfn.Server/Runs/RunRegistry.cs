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

    /// <summary>Computes something that takes as long as a run: it counts as one, and ends when the server has drained.</summary>
    /// <exception cref="CallRefusedException">Too many runs are under way, or the server stops.</exception>
    public async Task<T> ComputeAsync<T>(Func<CancellationToken, T> work, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Admit();
        }

        try
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.Drained);

            // It does not take turns with the runs, so that it has a thread of its own.
            return await Task.Factory.StartNew(
                () => work(end.Token), CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
        }
        finally
        {
            lock (_lock)
            {
                Leave();
            }
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

    private void Leave()
    {
        if (--_admittedCount == 0)
        {
            _emptied?.TrySetResult();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Run {RunId} ended ({Status}) after {Steps} steps")]
    private partial void LogEnded(RunId runId, TaskStatus status, int steps);
}
