using System.Diagnostics;
using Mfn.Core.Simulation;
using Mfn.Core.Steering;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Frames;

namespace Mfn.Server.LiveRuns;

/// <summary>
/// The simulation of a live run with all that follows from its steps and commands: what is kept and written, who gets a frame, when it pauses and
/// ends. Only the run's task uses it, but for <see cref="Status"/> and <see cref="History"/>.
/// </summary>
internal sealed class LiveSimulation : IDisposable
{
    // The engine takes several steps in one pass over memory; beyond this many it gains nothing.
    private const int MaxStepsAtOnce = 8;

    private readonly RunOrigin _origin;
    private readonly IRunRecorder _recorder;
    private readonly LiveRunsOptions _limits;
    private readonly SteeredSimulation _simulation;
    private readonly Audience _audience;
    private readonly CommandLedger _ledger = new();
    private readonly HorizonLease _horizon;
    private readonly SteadyStateWatch? _steadyState;
    private readonly Lock _statusLock = new();
    private RunEnd? _end;
    private int? _pauseAt;
    private LiveRunStatus _status;

    /// <param name="origin">Where it begins.</param>
    /// <param name="recorder">Its log; whoever made it disposes it.</param>
    /// <param name="services">What all runs share.</param>
    public LiveSimulation(RunOrigin origin, IRunRecorder recorder, LiveRunServices services)
    {
        _origin = origin;
        _recorder = recorder;
        _limits = services.Options;
        History = new RunHistory(origin.Checkpoint.Spec, origin.Plan.HistorySteps, _limits.MaxHistoryBytesPerRun);
        Pacer = new Pacer(origin.Plan.StepsPerSecond, services.Clock);
        State = origin.Plan.BeginsPaused ? LiveRunState.Paused : LiveRunState.Running;
        _horizon = new HorizonLease(services.Clock);
        _steadyState = origin.Plan.Stop is StopRule.SteadyState rule ? new SteadyStateWatch(rule) : null;
        _audience = new Audience(services.Buffers);
        _simulation = SteeredSimulation.Restore(origin.Checkpoint, services.Scheduler.Helpers);

        // Before anybody can ask where the run is.
        History.MoveTo(Position);
        if (Plan.HistorySteps > 0)
        {
            History.Add(origin.Checkpoint);
        }

        _status = new LiveRunStatus(
            origin.Checkpoint.Spec, State, Position, Position, origin.Checkpoint.Identity, WatcherCount: 0, Failure: "", origin.Plan.StepsPerSecond);
    }

    /// <summary>From which its latest steps can be recomputed.</summary>
    public RunHistory History { get; }

    /// <summary>Says when steps are due.</summary>
    public Pacer Pacer { get; }

    /// <summary>Whether it takes steps.</summary>
    public LiveRunState State { get; private set; }

    /// <summary>As it is, but for the watchers.</summary>
    public LiveRunStatus Status
    {
        get
        {
            lock (_statusLock)
            {
                return _status with { Position = History.Latest, FirstAvailable = History.FirstAvailable };
            }
        }
    }

    private RunPlan Plan => _origin.Plan;

    private RunPosition Position => new(_simulation.Step, _simulation.Revision);

    private FrameSource Frame => new(_simulation.Engine, _simulation.Revision);

    private int StopStep => Plan.Stop is StopRule.AfterStep rule ? rule.Step : StopRule.LastStep;

    /// <summary>Goes through what the log tells of, before anything else.</summary>
    public async ValueTask CatchUpAsync(CancellationToken cancelled)
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

    /// <summary>Takes steps until something is due, but not more than so many.</summary>
    /// <returns>How many.</returns>
    public async ValueTask<int> StepAsync(int most, CancellationToken cancelled)
    {
        var count = Math.Min(most, StepsUntilSomethingIsDue());
        try
        {
            if (_horizon.Extend(_simulation.Step, count, StopStep) is { } horizon)
            {
                await _recorder.ExtendHorizonAsync(horizon);
            }

            _steadyState?.Before(_simulation);
            _simulation.Advance(count, cancelled);
            Pacer.Take(count);
            History.MoveTo(Position);
            if (_simulation.Step == StopStep || _steadyState?.IsSteady(_simulation) == true)
            {
                await StopAsync();
                return count;
            }

            _audience.Publish(Frame);
            if (History.NeedsCheckpoint(_simulation.Step) || _recorder.WantsCheckpoint)
            {
                await KeepCheckpointAsync(mustWrite: false);
            }
        }
        catch (Exception error) when (error is NonFiniteFieldException or IOException)
        {
            Fail(error);
            return count;
        }

        PauseIfDue();
        return count;
    }

    /// <summary>The state as it is.</summary>
    public SimulationCheckpoint Capture() => _simulation.Capture();

    /// <summary>Lets a subscription have the frames from here, beginning with the state as it is if its watcher follows from nowhere.</summary>
    public Attachment Attach(Subscription subscription, RunPosition? follows, int maxLag)
    {
        if (follows is { } position && _simulation.Step - position.Step > maxLag)
        {
            return new Attachment(IsAttached: false, Position, _end is not null);
        }

        if (follows is null && State != LiveRunState.Failed)
        {
            _audience.OfferSnapshot(subscription, Frame);
        }

        if (_end is null)
        {
            _audience.Add(subscription);
        }
        else
        {
            subscription.End(_end);
        }

        return new Attachment(IsAttached: true, Position, _end is not null);
    }

    public void Detach(Subscription subscription) => _audience.Remove(subscription);

    /// <summary>Tells the watchers that nothing more comes.</summary>
    public void EndWatching(RunEnd end) => _audience.End(end);

    /// <summary>Applies a command, if it has not been applied.</summary>
    /// <exception cref="CallRefusedException">It cannot; nothing has changed.</exception>
    public async ValueTask<CommandOutcome> SteerAsync(SteeringCommand command)
    {
        if (_ledger.Find(command, out var isAnother) is { } applied)
        {
            return isAnother ? throw CallRefusedException.CommandIdTaken(command.Id) : new CommandOutcome(applied, WasApplied: true);
        }

        if (_end is { } end)
        {
            throw end.Reason == RunEndReason.Failed ? HasFailed() : CallRefusedException.RunHasStopped(_simulation.Step);
        }

        if (_ledger.Count >= _limits.MaxCommandsPerRun)
        {
            throw CallRefusedException.TooManyCommands(_limits.MaxCommandsPerRun);
        }

        var byteCount = _ledger.ByteCount + command.ByteCount;
        if (byteCount > _limits.MaxCommandBytesPerRun)
        {
            throw CallRefusedException.TooManyCommandBytes(byteCount, _limits.MaxCommandBytesPerRun);
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
            throw HasFailed();
        }

        Apply(command, position);
        return new CommandOutcome(position, WasApplied: false);
    }

    /// <summary>A fault of ours has ended the run's task: nobody shall wait for what will not come.</summary>
    public void FailByFault() => End(LiveRunState.Failed, new RunEnd(RunEndReason.Failed, "Internal error."));

    /// <summary>Why a failed run refuses what is asked of it.</summary>
    public CallRefusedException HasFailed() => CallRefusedException.RunHasFailed(History.Latest.Step, _end?.Detail ?? "");

    /// <summary>The server ends: what is durable goes on with the next one, the sooner the later its last checkpoint is.</summary>
    public async ValueTask KeepLastCheckpointAsync()
    {
        if (State == LiveRunState.Failed || !_recorder.IsDurable)
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

    public void Dispose()
    {
        _audience.Dispose();
        _simulation.Dispose();
    }

    private int StepsUntilSomethingIsDue()
    {
        var step = _simulation.Step;
        var count = Math.Min(MaxStepsAtOnce, StopStep - step);
        count = Math.Min(count, (_pauseAt ?? int.MaxValue) - step);
        count = Math.Min(count, _steadyState?.StepsUntilDue(step) ?? int.MaxValue);
        count = Math.Min(count, _audience.StepsUntilDue(step));
        Debug.Assert(count > 0, "A run that has something to do now does not step.");
        return count;
    }

    private void PauseIfDue()
    {
        if (_simulation.Step >= _pauseAt)
        {
            _pauseAt = null;
            MoveTo(LiveRunState.Paused);
        }
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
            case RunCommand.SetPace { StepsPerSecond: var pace }:
                Pacer.StepsPerSecond = pace;
                UpdateStatus();
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
                    _audience.Publish(Frame, isForAll: true);
                }

                break;
        }

        _ledger.Add(command, position);
    }

    private async ValueTask StopAsync()
    {
        var end = new RunEnd(RunEndReason.Stopped);
        await KeepCheckpointAsync(mustWrite: true);
        await _recorder.EndAsync(end, _simulation.Step);
        _audience.Publish(Frame, isForAll: true);
        End(LiveRunState.Stopped, end);
    }

    /// <summary>A field is not finite, or the log cannot be written: the state before is the last that anybody gets.</summary>
    private void Fail(Exception error)
    {
        if (error is NonFiniteFieldException)
        {
            History.MoveTo(Position with { Step = _simulation.Step - 1 });
        }

        End(LiveRunState.Failed, new RunEnd(RunEndReason.Failed, error.Message));
    }

    private void End(LiveRunState state, RunEnd end)
    {
        _end = end;
        MoveTo(state);
        _audience.End(end);
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
        if (state == LiveRunState.Running && State != LiveRunState.Running)
        {
            Pacer.Restart();
        }

        State = state;
        UpdateStatus();
    }

    private void UpdateStatus()
    {
        lock (_statusLock)
        {
            _status = _status with
            {
                Spec = _simulation.Spec,
                State = State,
                Identity = _simulation.Identity,
                StepsPerSecond = Pacer.StepsPerSecond,
                Failure = _end is { Reason: RunEndReason.Failed } failure ? failure.Detail : "",
            };
        }
    }

    /// <summary>Takes the steps and the commands that the log tells of, so that nobody sees a state that was not there before.</summary>
    private async ValueTask GoThroughPastAsync(CancellationToken cancelled)
    {
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
            End(end.End.Reason == RunEndReason.Failed ? LiveRunState.Failed : LiveRunState.Stopped, end.End);
            return;
        }

        PauseIfDue();
        while (State == LiveRunState.Running && _simulation.Step < past.Horizon)
        {
            await StepAsync(past.Horizon - _simulation.Step, cancelled);
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
}
