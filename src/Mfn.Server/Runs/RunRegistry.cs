using Mfn.Core.Simulation;
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

    internal ComputeScheduler ComputeScheduler => computeScheduler;

    internal FieldBufferPool Buffers => buffers;

    internal ServerLifetime Lifetime => lifetime;

    internal TimeProvider Clock => clock;

    /// <summary>Starts a run; its owner reads the frames that the plan asks for, and disposes it.</summary>
    /// <param name="spec">What to run; valid.</param>
    /// <param name="plan">The frames that the owner wants, or none.</param>
    /// <param name="resultEncoding">The encoding of the result's field.</param>
    /// <param name="cancellationToken">Ends the run between two steps.</param>
    /// <exception cref="CallRefusedException">Too many runs are under way, or the server stops.</exception>
    public Run Start(SimulationSpec spec, FramePlan? plan, CellEncoding resultEncoding, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_isStopping)
            {
                throw CallRefusedException.Stopping();
            }

            if (_active.Count >= limits.Value.MaxConcurrentRuns)
            {
                throw CallRefusedException.OverLimit(
                    $"The most runs that the server allows, {limits.Value.MaxConcurrentRuns}, are under way. Try again when one has ended.", RetryDelay);
            }

            var run = new Run(this, spec, plan, resultEncoding, streaming.Value.OwnerBacklog, cancellationToken);
            _active.Add(run);
            return run;
        }
    }

    /// <summary>Refuses further runs; completes when none is under way.</summary>
    public Task StopAccepting()
    {
        lock (_lock)
        {
            _isStopping = true;
            if (_active.Count == 0)
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
            if (_active.Count == 0)
            {
                _emptied?.TrySetResult();
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Run {RunId} ended ({Status}) after {Steps} steps")]
    private partial void LogEnded(RunId runId, TaskStatus status, int steps);
}
