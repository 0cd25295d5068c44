using System.Diagnostics;
using Mfn.Core.Steering;
using Mfn.Server.Calls;
using Mfn.Server.Compute;
using Mfn.Server.Observability;
using Mfn.Server.Storage;

namespace Mfn.Server.Runs;

/// <summary>
/// A run that lives until it is deleted. One task owns the simulation and takes one thing after the other: requests between two steps, then
/// steps. Watchers get frames through their subscriptions, which it never waits for.
/// </summary>
internal sealed class Run : IListedRun, IAsyncDisposable
{
    private readonly RunOrigin _origin;
    private readonly RunServices _services;
    private readonly IRunRecorder _recorder;
    private readonly RunMemory _memory;
    private readonly RunSimulation _simulation;
    private readonly RequestQueue _requests = new();
    private readonly TaskCompletionSource _caughtUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _watcherCount;
    private long _touched;
    private bool _isDeleted;
    private volatile bool _hasFaulted;
    private int _isDisposed;

    /// <summary>Only the registry starts runs.</summary>
    internal Run(RunOrigin origin, IRunRecorder recorder, RunMemory memory, RunServices services, Action<Exception, RunId> tellFault, CancellationToken cancelled)
    {
        _origin = origin;
        _recorder = recorder;
        _memory = memory;
        _services = services;
        _simulation = new RunSimulation(origin, recorder, memory, services);
        Touch();

        // It goes on when the call has ended that creates it, and has neither its id nor its caller nor its span.
        using (ExecutionContext.SuppressFlow())
        {
            Completion = Task.Factory.StartNew(
                () => ExecuteAsync(cancelled), CancellationToken.None, TaskCreationOptions.DenyChildAttach, memory.Owner.Queue).Unwrap();
            _ = TellFaultAsync(tellFault);
        }
    }

    public RunId Id => _origin.Id;

    /// <summary>The timeline of its positions.</summary>
    public ulong Epoch => _origin.Epoch;

    /// <summary>Seals its tokens.</summary>
    public ReadOnlyMemory<byte> TokenSecret => _origin.TokenSecret;

    public DateTimeOffset Created => _origin.Created;

    public string Tenant => _origin.Tenant;

    /// <summary>How it goes, at its present pace.</summary>
    public RunPlan Plan => _origin.Plan with { StepsPerSecond = _simulation.Status.StepsPerSecond };

    public RunName? Name => _origin.Plan.Name;

    public RunState State => _simulation.Status.State;

    /// <summary>The state of another run that it was forked from; null if it was not.</summary>
    public ForkPoint? ForkedFrom => _origin.ForkedFrom;

    /// <summary>Whether it survives the process.</summary>
    public bool IsDurable => _recorder.IsDurable;

    /// <inheritdoc cref="RunSimulation.History"/>
    public RunHistory History => _simulation.History;

    /// <inheritdoc cref="RunSimulation.HorizonLag"/>
    public int HorizonLag => _simulation.HorizonLag;

    /// <inheritdoc cref="RunSimulation.TraceContext"/>
    public ActivityContext? TraceContext => _simulation.TraceContext;

    /// <summary>Ends when the run has been deleted, or the server ends.</summary>
    public Task Completion { get; }

    /// <summary>
    /// Ends when the run is at least where anybody has seen it before a restart of the server: only then do its history and its status tell
    /// where it is. Fails with a <see cref="CallRefusedException"/> if the server stops before.
    /// </summary>
    public Task CaughtUp => _caughtUp.Task;

    /// <summary>The run as it is.</summary>
    public RunStatus Status => _simulation.Status with { WatcherCount = Volatile.Read(ref _watcherCount) };

    /// <summary>How long nobody has asked for it.</summary>
    public TimeSpan IdleTime =>
        Volatile.Read(ref _watcherCount) > 0 ? TimeSpan.Zero : _services.Clock.GetElapsedTime(Volatile.Read(ref _touched));

    /// <summary>Somebody has asked for it.</summary>
    public void Touch()
    {
        Volatile.Write(ref _touched, _services.Clock.GetTimestamp());
        if (Spans.IsOn)
        {
            Spans.Note(Spans.RunId, Id.ToString());
        }
    }

    /// <summary>Counts a watcher until the result is disposed.</summary>
    /// <exception cref="CallRefusedException">There are too many.</exception>
    public IDisposable AddWatcher()
    {
        if (Interlocked.Increment(ref _watcherCount) > _services.Options.MaxWatchersPerRun)
        {
            Interlocked.Decrement(ref _watcherCount);
            throw CallRefusedException.OverLimit(
                $"The run already has {_services.Options.MaxWatchersPerRun} watchers, the most that the server allows.", TimeSpan.FromSeconds(1));
        }

        _services.Metrics.Watchers.Inc();
        return new CountedWatcher(this);
    }

    /// <summary>
    /// Lets a subscription have the frames from where the run is. A watcher that follows the run from a position further back gets them from
    /// there by <see cref="Replay"/>, up to the position returned.
    /// </summary>
    /// <param name="subscription">Its watcher disposes it.</param>
    /// <param name="follows">Where the watcher is; null to begin with the state as it is.</param>
    /// <param name="maxLag">How many steps the watcher may be behind; if it is further, nothing happens.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="CallRefusedException">The run was deleted.</exception>
    public Task<Attachment> AttachAsync(Subscription subscription, RunPosition? follows, int maxLag, CancellationToken cancellationToken) =>
        AskAsync(() => ValueTask.FromResult(_simulation.Attach(subscription, follows, maxLag)), cancellationToken);

    /// <summary>Lets go of a subscription whose watcher has gone.</summary>
    /// <exception cref="CallRefusedException">The run has let go of it, for it has gone itself.</exception>
    public Task DetachAsync(Subscription subscription) => AskAsync(
        () =>
        {
            _simulation.Detach(subscription);
            return ValueTask.FromResult(true);
        },
        CancellationToken.None);

    /// <summary>Applies a command between two steps, if it has not been applied.</summary>
    /// <param name="command">Valid for the run's grid, variant and precision, which never change.</param>
    /// <param name="cancellationToken">Ends the waiting; the command may be applied nevertheless.</param>
    /// <exception cref="CallRefusedException">The run cannot take it; nothing has changed.</exception>
    public Task<CommandOutcome> SteerAsync(SteeringCommand command, CancellationToken cancellationToken) =>
        AskAsync(() => _simulation.SteerAsync(command), cancellationToken);

    /// <summary>The state as it is.</summary>
    /// <exception cref="CallRefusedException">The run was deleted.</exception>
    public Task<SimulationCheckpoint> CaptureAsync(CancellationToken cancellationToken) =>
        AskAsync(() => ValueTask.FromResult(_simulation.Capture()), cancellationToken);

    /// <summary>Ends the run and forgets it.</summary>
    /// <exception cref="CallRefusedException">The run was deleted before, or the server ends.</exception>
    public async Task<RunStatus> DeleteAsync(RunEndReason reason, CancellationToken cancellationToken)
    {
        try
        {
            await AskAsync(
                () =>
                {
                    _isDeleted = true;
                    _simulation.EndWatching(new RunEnd(reason));
                    return ValueTask.FromResult(true);
                },
                cancellationToken);
        }
        catch (CallRefusedException) when (_hasFaulted)
        {
            // Its task has ended, and cannot do it.
            _recorder.Delete();
        }

        await DisposeAsync();
        return Status;
    }

    /// <summary>Waits until it has ended, which the server's end or its deletion makes it do.</summary>
    public async ValueTask DisposeAsync()
    {
        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            await _simulation.DisposeAsync();
            _recorder.Dispose();
            _memory.Dispose();
        }
    }

    private Task<T> AskAsync<T>(Func<ValueTask<T>> work, CancellationToken cancellationToken)
    {
        Touch();
        return _requests.AskAsync(work, cancellationToken);
    }

    private async Task TellFaultAsync(Action<Exception, RunId> tellFault)
    {
        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Completion.Exception is { } error)
        {
            tellFault(error, Id);
        }
    }

    private async Task ExecuteAsync(CancellationToken cancelled)
    {
        // It is not part of the call that created it, which ends.
        Activity.Current = null;
        try
        {
            await _simulation.CatchUpAsync(cancelled);

            // The steps of before do not count against the pace of now.
            _simulation.Pacer.Restart();
            _caughtUp.SetResult();
            while (!_isDeleted)
            {
                await _requests.AnswerAsync(() => !_isDeleted);
                if (!_isDeleted)
                {
                    await StepOrWaitAsync(cancelled);
                }
            }

            _recorder.Delete();
            _requests.Close(() => CallRefusedException.RunNotFound(Id.ToString()));
        }
        catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
        {
            try
            {
                await _simulation.KeepLastCheckpointAsync();
            }
            finally
            {
                Close(CallRefusedException.Stopping);
            }
        }
        catch
        {
            // A fault of ours, which the registry logs.
            _simulation.FailByFault();
            _hasFaulted = true;
            Close(_simulation.HasFailed);
            throw;
        }

        void Close(Func<CallRefusedException> refusal)
        {
            _requests.Close(refusal);
            if (_caughtUp.TrySetException(refusal()))
            {
                // Maybe nobody waits for it.
                _ = _caughtUp.Task.Exception;
            }
        }
    }

    private async ValueTask StepOrWaitAsync(CancellationToken cancelled)
    {
        if (_simulation.State != RunState.Running)
        {
            _simulation.NoteRest();
            await _requests.WaitAsync(cancelled);
            return;
        }

        var due = _simulation.Pacer.StepsDue();
        if (due <= 0 || _memory.Owner.UntilNextStep > TimeSpan.Zero)
        {
            _simulation.NoteRest();
            await WaitForNextStepAsync(cancelled);
            return;
        }

        var sliceStart = _services.Clock.GetTimestamp();
        do
        {
            due -= await _simulation.StepAsync(due, cancelled);
        }
        while (due > 0 && _simulation.State == RunState.Running && _memory.Owner.UntilNextStep == TimeSpan.Zero && _requests.IsEmpty && _services.Clock.GetElapsedTime(sliceStart) < ComputeScheduler.TimeSlice);

        await Task.Yield();
    }

    private async ValueTask WaitForNextStepAsync(CancellationToken cancelled)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancelled);
        var request = _requests.WaitAsync(leaving.Token).AsTask();
        var (paced, paid) = (_simulation.Pacer.StepsDue() > 0 ? TimeSpan.Zero : _simulation.Pacer.UntilNextStep(), _memory.Owner.UntilNextStep);
        var time = Task.Delay(paced > paid ? paced : paid, _services.Clock, leaving.Token);
        await Task.WhenAny(request, time);
        await leaving.CancelAsync();
        await request.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        cancelled.ThrowIfCancellationRequested();
    }

    private sealed class CountedWatcher(Run run) : IDisposable
    {
        public void Dispose()
        {
            run.Touch();
            Interlocked.Decrement(ref run._watcherCount);
            run._services.Metrics.Watchers.Dec();
        }
    }
}
