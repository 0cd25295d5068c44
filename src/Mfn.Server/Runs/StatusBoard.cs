using Mfn.Core.Steering;
using Mfn.Server.Storage;

namespace Mfn.Server.Runs;

/// <summary>Where a run's task writes what the run is like, and anybody reads it.</summary>
internal sealed class StatusBoard
{
    private readonly Lock _lock = new();
    private readonly SteeredSimulation _simulation;
    private RunStatus _status;

    public StatusBoard(SteeredSimulation simulation, RunState state, double? stepsPerSecond)
    {
        _simulation = simulation;
        var position = new RunPosition(simulation.Step, simulation.Revision);
        _status = new RunStatus(simulation.Spec, state, position, position, simulation.Identity, WatcherCount: 0, Failure: "", stepsPerSecond);
    }

    /// <summary>The run as it is, but for the watchers; where it is says its history.</summary>
    public RunStatus Read(RunHistory history)
    {
        lock (_lock)
        {
            return _status with { Position = history.Latest, FirstAvailable = history.FirstAvailable };
        }
    }

    /// <summary>Writes what has changed; for the run's task alone.</summary>
    public void Update(RunState state, RunEnd? end, double? stepsPerSecond)
    {
        lock (_lock)
        {
            _status = _status with
            {
                Spec = _simulation.Spec,
                State = state,
                Identity = _simulation.Identity,
                StepsPerSecond = stepsPerSecond,
                Failure = end is { Reason: RunEndReason.Failed } failure ? failure.Detail : "",
            };
        }
    }
}
