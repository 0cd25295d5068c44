using Mfn.Core.Steering;
using Mfn.Server.Storage;

namespace Mfn.Server.Runs;

/// <summary>
/// What is kept of a run: in memory its history, from which its latest steps can be recomputed; in its log and its checkpoints, if it is durable, what the
/// next server goes on from. Only the run's task uses it, but for <see cref="History"/> and <see cref="HorizonLag"/>.
/// </summary>
internal sealed class RunArchive
{
    private readonly SteeredSimulation _simulation;
    private readonly IRunRecorder _recorder;
    private readonly HorizonLease _horizon;
    private readonly long _historySteps;

    /// <param name="simulation">Where the run is.</param>
    /// <param name="origin">Where it begins.</param>
    /// <param name="recorder">Its log; whoever made it disposes it.</param>
    /// <param name="services">What all runs share.</param>
    public RunArchive(SteeredSimulation simulation, RunOrigin origin, IRunRecorder recorder, RunServices services)
    {
        _simulation = simulation;
        _recorder = recorder;
        _historySteps = origin.Plan.HistorySteps;
        _horizon = new HorizonLease(services.Clock);
        _horizon.Begin(origin.Past.Horizon);
        History = new RunHistory(origin.Checkpoint.Spec, _historySteps, services.Options.MaxHistoryBytesPerRun);

        // Before anybody can ask where the run is.
        Moved();
        if (_historySteps > 0)
        {
            History.Add(origin.Checkpoint);
        }
    }

    /// <summary>From which the latest steps can be recomputed.</summary>
    public RunHistory History { get; }

    /// <summary>How many steps the log has been told of that are not taken; 0 of a run that has none. Thread-safe.</summary>
    public int HorizonLag => _recorder.IsDurable ? Math.Max(0, _horizon.Horizon - History.Latest.Step) : 0;

    /// <summary>Tells the log of steps that are about to be taken, if it does not know of them yet.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public async ValueTask PrepareAsync(int stepCount, int lastStep, double? stepsPerSecond)
    {
        if (_horizon.Extend(_simulation.Step, stepCount, lastStep, stepsPerSecond) is { } horizon)
        {
            await _recorder.ExtendHorizonAsync(horizon);
        }
    }

    /// <summary>Takes note of steps.</summary>
    public void Moved() => History.MoveTo(new RunPosition(_simulation.Step, _simulation.Revision));

    /// <summary>Takes note of steps that the log tells of: nothing is written of them.</summary>
    public void MovedAgain()
    {
        Moved();
        if (History.NeedsCheckpoint(_simulation.Step))
        {
            History.Add(_simulation.Capture());
        }
    }

    /// <summary>Takes note of a change that has been applied.</summary>
    public void Add(AppliedChange change) => History.Add(change);

    /// <summary>Writes a command that is about to be applied; if it asks for a checkpoint, that too.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public async ValueTask WriteAsync(SteeringCommand command, RunPosition position)
    {
        if (command.Command is RunCommand.KeepCheckpoint)
        {
            await KeepCheckpointAsync(mustWrite: true);
        }

        // A pace that is slower makes more time of the steps that the log has been told of.
        var horizon = command.Command is RunCommand.SetPace { StepsPerSecond: var pace } ? _horizon.Shorten(position.Step, pace) : null;
        await _recorder.AddAsync(command, position, horizon);
    }

    /// <summary>Keeps a checkpoint of where the run is, if the history or the recorder needs one.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public ValueTask KeepCheckpointIfDueAsync() =>
        History.NeedsCheckpoint(_simulation.Step) || _recorder.WantsCheckpoint ? KeepCheckpointAsync(mustWrite: false) : ValueTask.CompletedTask;

    /// <summary>Writes that the run has ended of itself, and where it is.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public async ValueTask EndAsync(RunEnd end)
    {
        await KeepCheckpointAsync(mustWrite: true);
        await _recorder.EndAsync(end, _simulation.Step);
    }

    /// <summary>Writes where the run is and that nothing follows, if it is durable and the disk lets it.</summary>
    public async ValueTask CloseAsync()
    {
        if (!_recorder.IsDurable)
        {
            return;
        }

        try
        {
            await KeepCheckpointAsync(mustWrite: true);
            await _recorder.CloseAsync(new RunPosition(_simulation.Step, _simulation.Revision));
        }
        catch (IOException)
        {
            // The next server finds the log as that of a server that was killed, and an older checkpoint does, with more steps to recompute.
        }
    }

    private async ValueTask KeepCheckpointAsync(bool mustWrite)
    {
        if (!_recorder.IsDurable && _historySteps == 0)
        {
            return;
        }

        var checkpoint = _simulation.Capture();
        if (_historySteps > 0)
        {
            History.Add(checkpoint);
        }

        if (mustWrite || _recorder.WantsCheckpoint)
        {
            await _recorder.AddAsync(checkpoint, _simulation.Step - _historySteps);
        }
    }
}
