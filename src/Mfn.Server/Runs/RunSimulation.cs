using System.Diagnostics;
using Mfn.Core.Simulation;
using Mfn.Core.Steering;
using Mfn.Server.Calls;
using Mfn.Server.Compute;
using Mfn.Server.Observability;
using Mfn.Server.Pricing;
using Mfn.Server.Storage;
using Mfn.Server.Translation;

namespace Mfn.Server.Runs;

/// <summary>
/// The simulation of a run, which takes steps and commands, and says when the run pauses and ends. What follows from that is others' business: the
/// archive keeps and writes, the audience gets frames, the status tells anybody who asks. Only the run's task uses it, but for
/// <see cref="Status"/> and <see cref="History"/>.
/// </summary>
internal sealed class RunSimulation : IAsyncDisposable
{
    private readonly RunOrigin _origin;
    private readonly SteeredSimulation _simulation;
    private readonly RunArchive _archive;
    private readonly Audience _audience;
    private readonly CommandLedger _ledger;
    private readonly RunAccount _owner;
    private readonly SteadyStateWatch? _steadyState;
    private readonly StatusBoard _status;
    private readonly WorkMeter _work;
    private readonly ServerMetrics _metrics;
    private readonly RunTrace? _trace;
    private RunEnd? _end;
    private bool _isCaughtUp;
    private int? _pauseAt;

    /// <param name="origin">Where it begins.</param>
    /// <param name="recorder">Its log; whoever made it disposes it.</param>
    /// <param name="memory">What it holds; whoever took it disposes it.</param>
    /// <param name="services">What all runs share.</param>
    public RunSimulation(RunOrigin origin, IRunRecorder recorder, RunMemory memory, RunServices services)
    {
        _origin = origin;
        _metrics = services.Metrics;
        _trace = RunTrace.Begin(origin.Id, services);
        _ledger = new CommandLedger(services.Options, memory);
        _owner = memory.Owner;
        Pacer = new Pacer(origin.Plan.StepsPerSecond, services.Clock);
        State = origin.Plan.BeginsPaused ? RunState.Paused : RunState.Running;
        _steadyState = origin.Plan.Stop is StopRule.SteadyState rule ? new SteadyStateWatch(rule) : null;
        _audience = new Audience(services);
        _simulation = SteeredSimulation.Restore(origin.Checkpoint, memory.Owner.Queue.Helpers);
        _archive = new RunArchive(_simulation, origin, recorder, services);
        _work = new WorkMeter(services.Prices.Calibration, PriceList.Steps(origin.Checkpoint.Spec, 1).Single, services.Clock);
        _status = new StatusBoard(_simulation, State, origin.Plan.StepsPerSecond);
    }

    /// <summary>From which its latest steps can be recomputed.</summary>
    public RunHistory History => _archive.History;

    /// <inheritdoc cref="RunArchive.HorizonLag"/>
    public int HorizonLag => _archive.HorizonLag;

    /// <summary>Of its trace; null if nobody records it.</summary>
    public ActivityContext? TraceContext => _trace?.Context;

    /// <summary>Says when steps are due.</summary>
    public Pacer Pacer { get; }

    /// <summary>Whether it takes steps.</summary>
    public RunState State { get; private set; }

    /// <summary>As it is, but for the watchers.</summary>
    public RunStatus Status => _status.Read(History);

    private RunPlan Plan => _origin.Plan;

    private RunPosition Position => new(_simulation.Step, _simulation.Revision);

    private int StopStep => Plan.Stop is StopRule.AfterStep rule ? rule.Step : StopRule.LastStep;

    /// <summary>
    /// Takes the steps and the commands that the log tells of, before anything else, so that nobody sees a state that was not there before.
    /// </summary>
    public async ValueTask CatchUpAsync(CancellationToken cancelled)
    {
        try
        {
            // These have been paid for.
            await GoThroughAsync(_origin.Past, cancelled);
            _isCaughtUp = true;
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
            await _archive.PrepareAsync(count, StopStep, Pacer.StepsPerSecond);
            if (_isCaughtUp)
            {
                _owner.TakeSteps(_simulation.Spec, count);
            }

            _steadyState?.Before(_simulation);
            var start = Stopwatch.GetTimestamp();
            _simulation.Advance(count, cancelled);
            var taken = Stopwatch.GetElapsedTime(start);
            _audience.NoteSteps(_simulation.Engine, count, taken);
            _metrics.StepsOf(StepWork.Run).Add(_simulation.Spec, count);
            _trace?.Add(count, _simulation.Step, taken);
            _metrics.StepDuration.Observe(taken.TotalSeconds / count);
            if (count >= _simulation.Engine.MaxStepsPerPass)
            {
                _work.Add(count, taken);
            }

            Pacer.Take(count);
            _archive.Moved();
            if (_simulation.Step == StopStep || _steadyState?.IsSteady(_simulation) == true)
            {
                await StopAsync(count);
                return count;
            }

            _audience.Publish(_simulation.Engine, _simulation.Revision, count);
            await _archive.KeepCheckpointIfDueAsync();
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

        var begins = follows is null && State != RunState.Failed;
        _audience.Attach(subscription, _simulation.Engine, _simulation.Revision, begins, _end);
        return new Attachment(IsAttached: true, Position, _end is not null);
    }

    public void Detach(Subscription subscription) => _audience.Detach(subscription);

    /// <summary>Tells the watchers that nothing more comes.</summary>
    public void EndWatching(RunEnd end) => _audience.End(end);

    /// <summary>Applies a command, if it has not been applied.</summary>
    /// <exception cref="CallRefusedException">It cannot; nothing has changed.</exception>
    public async ValueTask<CommandOutcome> SteerAsync(SteeringCommand command)
    {
        if (_ledger.Find(command) is { } applied)
        {
            return new CommandOutcome(applied, WasApplied: true);
        }

        if (_end is { } end)
        {
            throw end.Reason == RunEndReason.Failed ? HasFailed() : CallRefusedException.RunHasStopped(_simulation.Step);
        }

        // What a change of kinetics does depends on all changes before it.
        if (command.Command is RunCommand.ChangeState { Change: var change })
        {
            var problems = new RequestProblems();
            change.CheckApplicable(_simulation.Spec, "command.change_parameters", problems);
            problems.ThrowIfAny();
        }

        _ledger.RequireRoom(command);
        var position = PositionAfter(command.Command);
        try
        {
            await _archive.WriteAsync(command, position);
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
    public void FailByFault() => End(RunState.Failed, new RunEnd(RunEndReason.Failed, "Internal error."));

    /// <summary>Why a failed run refuses what is asked of it.</summary>
    public CallRefusedException HasFailed() => CallRefusedException.RunHasFailed(History.Latest.Step, _end?.Detail ?? "");

    /// <summary>The server ends: what is durable goes on with the next one, the sooner the later its last checkpoint is.</summary>
    public ValueTask KeepLastCheckpointAsync() => State == RunState.Failed ? ValueTask.CompletedTask : _archive.CloseAsync();

    /// <summary>The run's task waits for a step to be due, or for a request.</summary>
    public void NoteRest() => _audience.NoteRest();

    public async ValueTask DisposeAsync()
    {
        _trace?.Dispose();
        await _audience.DisposeAsync();
        _simulation.Dispose();
    }

    private int StepsUntilSomethingIsDue()
    {
        var step = _simulation.Step;
        var count = Math.Min(ComputeScheduler.MaxStepsAtOnce, StopStep - step);
        count = Math.Min(count, (_pauseAt ?? int.MaxValue) - step);
        count = Math.Min(count, _steadyState?.StepsUntilDue(step) ?? int.MaxValue);
        count = Math.Min(count, _audience.StepsUntilDue(_simulation.Engine));
        Debug.Assert(count > 0, "A run that has something to do now does not step.");
        return count;
    }

    private void PauseIfDue()
    {
        if (_simulation.Step >= _pauseAt)
        {
            _pauseAt = null;
            Pause();
        }
    }

    private void Pause()
    {
        _audience.CatchUp(_simulation.Engine, _simulation.Revision);
        MoveTo(RunState.Paused);
    }

    private RunPosition PositionAfter(RunCommand command) =>
        command is RunCommand.ChangeState ? Position with { Revision = _simulation.Revision + 1 } : Position;

    private void Apply(SteeringCommand command, RunPosition position)
    {
        switch (command.Command)
        {
            case RunCommand.Pause:
                _pauseAt = null;
                Pause();
                break;
            case RunCommand.Resume:
                _pauseAt = null;
                MoveTo(RunState.Running);
                break;
            case RunCommand.SetPace { StepsPerSecond: var pace }:
                Pacer.StepsPerSecond = pace;
                UpdateStatus();
                break;
            case RunCommand.TakeSteps { Count: var count }:
                _pauseAt = (int)Math.Min((long)position.Step + count, StopRule.LastStep);
                MoveTo(RunState.Running);
                break;
            case RunCommand.ChangeState { Change: var change }:
                _simulation.Apply(change);
                _archive.Add(new AppliedChange(position, change));
                UpdateStatus();
                if (change.EditsFields)
                {
                    _audience.Publish(_simulation.Engine, _simulation.Revision, isForAll: true);
                }

                break;
        }

        _ledger.Add(command, position);
    }

    private async ValueTask StopAsync(int stepCount = 0)
    {
        var end = new RunEnd(RunEndReason.Stopped);
        await _archive.EndAsync(end);
        _audience.Publish(_simulation.Engine, _simulation.Revision, stepCount, isForAll: true);
        End(RunState.Stopped, end);
    }

    /// <summary>A field is not finite, or the log cannot be written: the state before is the last that anybody gets.</summary>
    private void Fail(Exception error)
    {
        if (error is NonFiniteFieldException)
        {
            History.MoveTo(Position with { Step = _simulation.Step - 1 });
        }

        End(RunState.Failed, new RunEnd(RunEndReason.Failed, error.Message));
    }

    private void End(RunState state, RunEnd end)
    {
        _end = end;
        _trace?.End(end.Reason);
        MoveTo(state);
        _audience.End(end);
    }

    private void MoveTo(RunState state)
    {
        if (state == RunState.Running && State != RunState.Running)
        {
            Pacer.Restart();
        }
        else if (state != RunState.Running)
        {
            _trace?.Rest();
        }

        State = state;
        UpdateStatus();
    }

    private void UpdateStatus() => _status.Update(State, _end, Pacer.StepsPerSecond);

    private async ValueTask GoThroughAsync(RunPast past, CancellationToken cancelled)
    {
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
            End(end.End.Reason == RunEndReason.Failed ? RunState.Failed : RunState.Stopped, end.End);
            return;
        }

        PauseIfDue();
        while (State == RunState.Running && _simulation.Step < past.Horizon)
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
            var count = Math.Min(ComputeScheduler.MaxStepsAtOnce, step - _simulation.Step);
            _simulation.Advance(count, cancelled);
            _metrics.StepsOf(StepWork.Replay).Add(_simulation.Spec, count);
            _archive.MovedAgain();
            await Task.Yield();
        }
    }
}
