using System.Diagnostics;
using System.Threading.Channels;
using Mfn.Core.Simulation;
using Mfn.Core.Steering;
using Mfn.Server.Calls;
using Mfn.Server.Frames;
using Mfn.Server.Runs;

namespace Mfn.Server.LiveRuns;

/// <summary>
/// A run that lives until it is deleted. One task owns the simulation and takes one thing after the other: requests between two steps, then
/// steps. Watchers get frames through their subscriptions, which it never waits for.
/// </summary>
internal sealed class LiveRun : IAsyncDisposable
{
    // Long enough to make switching cheap, short enough that a small run among large ones is not held up.
    private static readonly TimeSpan TimeSlice = TimeSpan.FromMilliseconds(5);

    // Requests that wait; who comes later waits to wait.
    private const int MaxWaitingRequests = 256;

    // The engine takes several steps in one pass over memory; beyond this many it gains nothing.
    private const int MaxStepsAtOnce = 8;

    private readonly RunOrigin _origin;
    private readonly LiveRunServices _services;
    private readonly IRunRecorder _recorder;
    private readonly Channel<Func<ValueTask>> _requests = Channel.CreateBounded<Func<ValueTask>>(MaxWaitingRequests);
    private readonly List<Subscription> _subscriptions = [];
    private readonly TaskCompletionSource _caughtUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CommandLedger _ledger = new();
    private readonly FrameEncoder _encoder;
    private readonly Pacer _pacer;
    private readonly HorizonLease _horizon;
    private readonly SteadyStateWatch? _steadyState;
    private readonly Lock _statusLock = new();
    private readonly SteeredSimulation _simulation;
    private LiveRunState _state;
    private RunEnd? _end;
    private int? _pauseAt;
    private int _watcherCount;
    private long _touched;
    private bool _isDeleted;
    private int _isDisposed;
    private LiveRunStatus _status;

    /// <summary>Only the registry starts runs.</summary>
    internal LiveRun(RunOrigin origin, IRunRecorder recorder, LiveRunServices services, CancellationToken cancelled)
    {
        _origin = origin;
        _recorder = recorder;
        _services = services;
        History = new RunHistory(origin.Checkpoint.Spec, origin.Plan.HistorySteps, services.Options.MaxHistoryBytesPerRun);
        _encoder = new FrameEncoder(services.Buffers);
        _pacer = new Pacer(origin.Plan.StepsPerSecond, services.Clock);
        _horizon = new HorizonLease(services.Clock);
        _steadyState = origin.Plan.Stop is StopRule.SteadyState rule ? new SteadyStateWatch(rule) : null;
        _state = origin.Plan.BeginsPaused ? LiveRunState.Paused : LiveRunState.Running;
        _simulation = SteeredSimulation.Restore(origin.Checkpoint, services.Scheduler.Helpers);
        _status = new LiveRunStatus(
            origin.Checkpoint.Spec, _state, Position, Position, origin.Checkpoint.Identity, WatcherCount: 0, Failure: "");
        Touch();
        Completion = Task.Factory.StartNew(
            () => ExecuteAsync(cancelled), CancellationToken.None, TaskCreationOptions.DenyChildAttach, services.Scheduler).Unwrap();
    }

    public RunId Id => _origin.Id;

    /// <summary>The timeline of its positions.</summary>
    public ulong Epoch => _origin.Epoch;

    /// <summary>Seals its tokens.</summary>
    public ReadOnlyMemory<byte> TokenSecret => _origin.TokenSecret;

    public DateTimeOffset Created => _origin.Created;

    public RunPlan Plan => _origin.Plan;

    /// <summary>Whether it survives the process.</summary>
    public bool IsDurable => _recorder.IsDurable;

    /// <summary>From which its latest steps can be recomputed.</summary>
    public RunHistory History { get; }

    /// <summary>Ends when the run has been deleted, or the server ends.</summary>
    public Task Completion { get; }

    /// <summary>
    /// Ends when the run is at least where anybody has seen it before a restart of the server: only then do its history and its status tell
    /// where it is. Fails with a <see cref="CallRefusedException"/> if the server stops before.
    /// </summary>
    public Task CaughtUp => _caughtUp.Task;

    /// <summary>The run as it is.</summary>
    public LiveRunStatus Status
    {
        get
        {
            lock (_statusLock)
            {
                return _status with
                {
                    Position = History.Latest,
                    FirstAvailable = History.FirstAvailable,
                    WatcherCount = Volatile.Read(ref _watcherCount),
                };
            }
        }
    }

    /// <summary>How long nobody has asked for it.</summary>
    public TimeSpan IdleTime =>
        Volatile.Read(ref _watcherCount) > 0 ? TimeSpan.Zero : _services.Clock.GetElapsedTime(Volatile.Read(ref _touched));

    private RunPosition Position => new(_simulation.Step, _simulation.Revision);

    /// <summary>Somebody has asked for it.</summary>
    public void Touch() => Volatile.Write(ref _touched, _services.Clock.GetTimestamp());

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

        _services.Meter.Watchers.Add(1);
        return new Watcher(this);
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
    public Task<Attachment> AttachAsync(Subscription subscription, RunPosition? follows, int maxLag, CancellationToken cancellationToken) => AskAsync(
        () =>
        {
            var isAttached = follows is not { } position || _simulation.Step - position.Step <= maxLag;
            if (isAttached)
            {
                Attach(subscription, isFromNow: follows is null);
            }

            return ValueTask.FromResult(new Attachment(isAttached, Position, _end is not null));
        },
        cancellationToken);

    /// <summary>Lets go of a subscription whose watcher has gone.</summary>
    /// <exception cref="CallRefusedException">The run has let go of it, for it has gone itself.</exception>
    public Task DetachAsync(Subscription subscription) => AskAsync(
        () =>
        {
            _subscriptions.Remove(subscription);
            if (_subscriptions.Count == 0)
            {
                _encoder.Forget();
            }

            return ValueTask.FromResult(true);
        },
        CancellationToken.None);

    /// <summary>Applies a command between two steps, if it has not been applied.</summary>
    /// <param name="command">Valid for the run's grid, variant and precision, which never change.</param>
    /// <param name="cancellationToken">Ends the waiting; the command may be applied nevertheless.</param>
    /// <exception cref="CallRefusedException">The run cannot take it; nothing has changed.</exception>
    public Task<CommandOutcome> SteerAsync(SteeringCommand command, CancellationToken cancellationToken) =>
        AskAsync(() => SteerAsync(command), cancellationToken);

    /// <summary>The state as it is.</summary>
    /// <exception cref="CallRefusedException">The run was deleted.</exception>
    public Task<SimulationCheckpoint> CaptureAsync(CancellationToken cancellationToken) =>
        AskAsync(() => ValueTask.FromResult(_simulation.Capture()), cancellationToken);

    /// <summary>Ends the run and forgets it.</summary>
    /// <exception cref="CallRefusedException">The run was deleted before.</exception>
    public async Task<LiveRunStatus> DeleteAsync(RunEndReason reason, CancellationToken cancellationToken)
    {
        if (Completion.IsFaulted)
        {
            _recorder.Delete();
            await DisposeAsync();
            return Status;
        }

        var last = await AskAsync(
            () =>
            {
                _isDeleted = true;
                EndSubscriptions(new RunEnd(reason));
                return ValueTask.FromResult(Status);
            },
            cancellationToken);
        await DisposeAsync();
        return last;
    }

    /// <summary>Waits until it has ended, which the server's end or its deletion makes it do.</summary>
    public async ValueTask DisposeAsync()
    {
        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _encoder.Dispose();
            _simulation.Dispose();
            _recorder.Dispose();
        }
    }

    private async Task<T> AskAsync<T>(Func<ValueTask<T>> work, CancellationToken cancellationToken)
    {
        Touch();
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await _requests.Writer.WriteAsync(AnswerAsync, cancellationToken);
        }
        catch (ChannelClosedException)
        {
            throw Gone();
        }

        // Once it is in the channel it will be answered, or the run's task ends.
        if (await Task.WhenAny(answer.Task, Completion).WaitAsync(cancellationToken) != answer.Task && !answer.Task.IsCompleted)
        {
            throw Gone();
        }

        return await answer.Task;

        CallRefusedException Gone() =>
            Volatile.Read(ref _isDeleted) ? CallRefusedException.RunNotFound(Id.ToString())
            : Completion.IsFaulted ? CallRefusedException.RunHasFailed()
            : CallRefusedException.Stopping();

        async ValueTask AnswerAsync()
        {
            var done = work().AsTask();
            await ((Task)done).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            answer.SetFromTask(done);
        }
    }

    private async Task ExecuteAsync(CancellationToken cancelled)
    {
        try
        {
            await CatchUpAsync(cancelled);

            // The steps of before do not count against the pace of now.
            _pacer.Restart();
            _caughtUp.SetResult();
            while (!_isDeleted)
            {
                await AnswerRequestsAsync();
                if (_isDeleted)
                {
                    break;
                }

                await StepOrWaitAsync(cancelled);
            }

            _recorder.Delete();
        }
        catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
        {
            await KeepLastCheckpointAsync();
        }
        finally
        {
            _requests.Writer.Complete();
            if (_caughtUp.TrySetException(cancelled.IsCancellationRequested ? CallRefusedException.Stopping() : CallRefusedException.RunHasFailed()))
            {
                // Maybe nobody waits for it.
                _ = _caughtUp.Task.Exception;
            }

            if (!_isDeleted && !cancelled.IsCancellationRequested)
            {
                // A fault of ours, which the registry logs: nobody shall wait for what will not come.
                _end = new RunEnd(RunEndReason.Failed, "Internal error.");
                MoveTo(LiveRunState.Failed);
                EndSubscriptions(_end);
            }
        }
    }

    /// <summary>The server ends: what is durable goes on with the next one, the sooner the later its last checkpoint is.</summary>
    private async ValueTask KeepLastCheckpointAsync()
    {
        if (_state == LiveRunState.Failed || !_recorder.IsDurable)
        {
            return;
        }

        try
        {
            await KeepCheckpointAsync(mustWrite: true);
        }
        catch (IOException)
        {
            // An older one does, with more steps to recompute.
        }
    }

    private async ValueTask AnswerRequestsAsync()
    {
        // Those that come meanwhile have their turn after some steps.
        for (var count = _requests.Reader.Count; count > 0 && !_isDeleted && _requests.Reader.TryRead(out var answerAsync); count--)
        {
            await answerAsync();
        }
    }

    private async ValueTask StepOrWaitAsync(CancellationToken cancelled)
    {
        if (_state != LiveRunState.Running)
        {
            await _requests.Reader.WaitToReadAsync(cancelled);
            return;
        }

        var due = _pacer.StepsDue();
        if (due <= 0)
        {
            await WaitForNextStepAsync(cancelled);
            return;
        }

        var sliceStart = _services.Clock.GetTimestamp();
        do
        {
            var count = Math.Min(due, StepsUntilSomethingIsDue());
            await StepAsync(count, cancelled);
            due -= count;
        }
        while (due > 0 && _state == LiveRunState.Running && _requests.Reader.Count == 0 && _services.Clock.GetElapsedTime(sliceStart) < TimeSlice);

        await Task.Yield();
    }

    private async ValueTask WaitForNextStepAsync(CancellationToken cancelled)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancelled);
        var request = _requests.Reader.WaitToReadAsync(leaving.Token).AsTask();
        var time = Task.Delay(_pacer.UntilNextStep(), _services.Clock, leaving.Token);
        await Task.WhenAny(request, time);
        await leaving.CancelAsync();
        await ((Task)request).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        cancelled.ThrowIfCancellationRequested();
    }

    private int StepsUntilSomethingIsDue()
    {
        var step = _simulation.Step;
        var count = Math.Min(MaxStepsAtOnce, StopStep - step);
        count = Math.Min(count, (_pauseAt ?? int.MaxValue) - step);
        count = Math.Min(count, _steadyState?.StepsUntilDue(step) ?? int.MaxValue);
        foreach (var subscription in _subscriptions)
        {
            count = Math.Min(count, subscription.StepsUntilDue(step));
        }

        Debug.Assert(count > 0, "A run that has something to do now does not step.");
        return count;
    }

    private int StopStep => Plan.Stop is StopRule.AfterStep rule ? rule.Step : StopRule.LastStep;

    private async ValueTask StepAsync(int count, CancellationToken cancelled)
    {
        try
        {
            if (_horizon.Extend(_simulation.Step, count, StopStep) is { } horizon)
            {
                await _recorder.ExtendHorizonAsync(horizon);
            }

            _steadyState?.Before(_simulation);
            _simulation.Advance(count, cancelled);
            _pacer.Take(count);
            History.MoveTo(Position);
            if (_simulation.Step == StopStep || _steadyState?.IsSteady(_simulation) == true)
            {
                await StopAsync();
                return;
            }

            Publish(subscription => subscription.IsDue(_simulation.Step));
            if (History.NeedsCheckpoint(_simulation.Step) || _recorder.WantsCheckpoint)
            {
                await KeepCheckpointAsync(mustWrite: false);
            }
        }
        catch (Exception error) when (error is NonFiniteFieldException or IOException)
        {
            Fail(error);
            return;
        }

        PauseIfDue();
    }

    private void PauseIfDue()
    {
        if (_simulation.Step >= _pauseAt)
        {
            _pauseAt = null;
            MoveTo(LiveRunState.Paused);
        }
    }

    private async ValueTask<CommandOutcome> SteerAsync(SteeringCommand command)
    {
        if (_ledger.Find(command, out var isAnother) is { } applied)
        {
            return isAnother ? throw CallRefusedException.CommandIdTaken(command.Id) : new CommandOutcome(applied, WasApplied: true);
        }

        if (_end is { } end)
        {
            throw end.Reason == RunEndReason.Failed
                ? CallRefusedException.RunHasFailed(History.Latest.Step, end.Detail)
                : CallRefusedException.RunHasStopped(_simulation.Step);
        }

        if (_ledger.Count >= _services.Options.MaxCommandsPerRun)
        {
            throw CallRefusedException.TooManyCommands(_services.Options.MaxCommandsPerRun);
        }

        var byteCount = _ledger.ByteCount + command.ByteCount;
        if (byteCount > _services.Options.MaxCommandBytesPerRun)
        {
            throw CallRefusedException.TooManyCommandBytes(byteCount, _services.Options.MaxCommandBytesPerRun);
        }

        var position = PositionAfter(command.Command);
        try
        {
            if (command.Command is RunCommand.KeepCheckpoint)
            {
                await KeepCheckpointAsync(mustWrite: true);
            }

            await _recorder.AddAsync(command, position);
        }
        catch (IOException error)
        {
            Fail(error);
            throw CallRefusedException.RunHasFailed(position.Step, error.Message);
        }

        Apply(command, position);

        return new CommandOutcome(position, WasApplied: false);
    }

    private RunPosition PositionAfter(RunCommand command) =>
        command is RunCommand.ChangeState ? Position with { Revision = _simulation.Revision + 1 } : Position;

    private void Apply(SteeringCommand command, RunPosition position)
    {
        switch (command.Command)
        {
            case RunCommand.Pause:
                _pauseAt = null;
                MoveTo(LiveRunState.Paused);
                break;
            case RunCommand.Resume:
                _pauseAt = null;
                MoveTo(LiveRunState.Running);
                break;
            case RunCommand.TakeSteps { Count: var count }:
                _pauseAt = (int)Math.Min((long)position.Step + count, StopRule.LastStep);
                MoveTo(LiveRunState.Running);
                break;
            case RunCommand.ChangeState { Change: var change }:
                _simulation.Apply(change);
                History.Add(new AppliedChange(position, change));
                UpdateStatus();
                if (change.EditsPotential)
                {
                    Publish(_ => true);
                }

                break;
        }

        _ledger.Add(command, position);
    }

    private void Attach(Subscription subscription, bool isFromNow)
    {
        if (isFromNow && _state != LiveRunState.Failed)
        {
            // For this watcher alone: deltas of others must not build on it.
            Offer(subscription, subscription.Quality.Format with { Deltas = null });
        }

        if (_end is null)
        {
            _subscriptions.Add(subscription);
        }
        else
        {
            subscription.End(_end);
        }
    }

    private void Publish(Predicate<Subscription> isDue)
    {
        foreach (var subscription in _subscriptions)
        {
            if (isDue(subscription))
            {
                Offer(subscription, subscription.Quality.Format);
            }
        }
    }

    private void Offer(Subscription subscription, FrameFormat format)
    {
        var frame = _encoder.Encode(new FrameSource(_simulation.Engine, _simulation.Revision), format);
        subscription.Offer(frame);
        frame.Release();
    }

    private async ValueTask StopAsync()
    {
        var end = new RunEnd(RunEndReason.Stopped);
        await KeepCheckpointAsync(mustWrite: true);
        await _recorder.EndAsync(end, _simulation.Step);
        _end = end;
        Publish(_ => true);
        MoveTo(LiveRunState.Stopped);
        EndSubscriptions(end);
    }

    /// <summary>A field is not finite, or the log cannot be written: the state before is the last that anybody gets.</summary>
    private void Fail(Exception error)
    {
        _end = new RunEnd(RunEndReason.Failed, error.Message);
        if (error is NonFiniteFieldException)
        {
            History.MoveTo(Position with { Step = _simulation.Step - 1 });
        }

        MoveTo(LiveRunState.Failed);
        EndSubscriptions(_end);
    }

    private void EndSubscriptions(RunEnd end)
    {
        foreach (var subscription in _subscriptions)
        {
            subscription.End(end);
        }

        _subscriptions.Clear();
    }

    private async ValueTask KeepCheckpointAsync(bool mustWrite)
    {
        if (!_recorder.IsDurable && Plan.HistorySteps == 0)
        {
            return;
        }

        var checkpoint = _simulation.Capture();
        if (Plan.HistorySteps > 0)
        {
            History.Add(checkpoint);
        }

        if (mustWrite || _recorder.WantsCheckpoint)
        {
            await _recorder.AddAsync(checkpoint, _simulation.Step - Plan.HistorySteps);
        }
    }

    private void MoveTo(LiveRunState state)
    {
        if (state == LiveRunState.Running && _state != LiveRunState.Running)
        {
            _pacer.Restart();
        }

        _state = state;
        UpdateStatus();
    }

    private void UpdateStatus()
    {
        lock (_statusLock)
        {
            _status = _status with
            {
                Spec = _simulation.Spec,
                State = _state,
                Identity = _simulation.Identity,
                Failure = _end is { Reason: RunEndReason.Failed } failure ? failure.Detail : "",
            };
        }
    }

    private async ValueTask CatchUpAsync(CancellationToken cancelled)
    {
        try
        {
            await GoThroughPastAsync(cancelled);
        }
        catch (Exception error) when (error is NonFiniteFieldException or IOException or ArgumentException)
        {
            // The last is what the simulation says of a command that does not fit it.
            Fail(error);
        }
    }

    /// <summary>Takes the steps and the commands that the log tells of, so that nobody sees a state that was not there before.</summary>
    private async ValueTask GoThroughPastAsync(CancellationToken cancelled)
    {
        History.MoveTo(Position);
        if (Plan.HistorySteps > 0)
        {
            History.Add(_origin.Checkpoint);
        }

        var past = _origin.Past;
        _horizon.Begin(past.Horizon);
        foreach (var (command, position) in past.Commands)
        {
            await AdvanceToAsync(position.Step, cancelled);

            // What changed the state before the checkpoint is in it; whether the run is paused is not.
            if (command.Command is RunCommand.ChangeState && position.Revision <= _simulation.Revision)
            {
                _ledger.Add(command, position);
            }
            else
            {
                Apply(command, position);
            }
        }

        if (past.End is { } end)
        {
            await AdvanceToAsync(end.Step, cancelled);
            _end = end.End;
            MoveTo(end.End.Reason == RunEndReason.Failed ? LiveRunState.Failed : LiveRunState.Stopped);
            return;
        }

        PauseIfDue();
        while (_state == LiveRunState.Running && _simulation.Step < past.Horizon)
        {
            await StepAsync(Math.Min(StepsUntilSomethingIsDue(), past.Horizon - _simulation.Step), cancelled);
            await Task.Yield();
        }

        if (_end is null && _simulation.Step >= StopStep)
        {
            await StopAsync();
        }
    }

    private async ValueTask AdvanceToAsync(int step, CancellationToken cancelled)
    {
        while (_simulation.Step < step)
        {
            _simulation.Advance(Math.Min(MaxStepsAtOnce, step - _simulation.Step), cancelled);
            History.MoveTo(Position);
            if (History.NeedsCheckpoint(_simulation.Step))
            {
                History.Add(_simulation.Capture());
            }

            await Task.Yield();
        }
    }

    private sealed class Watcher(LiveRun run) : IDisposable
    {
        public void Dispose()
        {
            run.Touch();
            Interlocked.Decrement(ref run._watcherCount);
            run._services.Meter.Watchers.Add(-1);
        }
    }
}
