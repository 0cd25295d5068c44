using Mfn.Core.Simulation;
using Mfn.Core.Steering;
using Mfn.Server.Storage;

namespace Mfn.Server.Runs;

/// <summary>
/// What it takes to recompute the latest steps of a run: checkpoints some steps apart, and the changes since the oldest of them. Written by
/// the run's task, read by anybody.
/// </summary>
internal sealed class RunHistory
{
    // Closer together they would cost more than the steps between them; recomputing these takes a fraction of a millisecond of a small field.
    private const int MinSpacing = 64;

    private readonly Lock _lock = new();
    private readonly List<SimulationCheckpoint> _checkpoints = [];
    private readonly List<AppliedChange> _changes = [];
    private readonly long _stepCount;
    private readonly long _maxBytes;
    private readonly long _checkpointBytes;
    private RunPosition _latest;

    /// <param name="spec">Of the run.</param>
    /// <param name="stepCount">How many of the latest steps to keep, at least.</param>
    /// <param name="maxBytes">Memory for the checkpoints; at least <see cref="LeastBytes"/>.</param>
    public RunHistory(SimulationSpec spec, long stepCount, long maxBytes)
    {
        _stepCount = stepCount;
        _maxBytes = maxBytes;
        _checkpointBytes = CheckpointBytes(spec);

        // The window of the latest steps begins between two checkpoints, and the newest may be just behind the run.
        var spaces = Math.Max(1, (maxBytes / _checkpointBytes) - 2);
        Spacing = (int)Math.Clamp((stepCount + spaces - 1) / spaces, MinSpacing, int.MaxValue);
    }

    /// <summary>Steps from one checkpoint to the next.</summary>
    public int Spacing { get; }

    /// <summary>Where the run is.</summary>
    public RunPosition Latest
    {
        get
        {
            lock (_lock)
            {
                return _latest;
            }
        }
    }

    /// <summary>The oldest state that can be recomputed.</summary>
    public RunPosition FirstAvailable
    {
        get
        {
            lock (_lock)
            {
                return _checkpoints.Count == 0 ? _latest : RunPosition.Of(_checkpoints[0]);
            }
        }
    }

    /// <summary>The least memory that keeps so many steps.</summary>
    public static long LeastBytes(SimulationSpec spec, long stepCount) => stepCount == 0 ? 0 : 3 * CheckpointBytes(spec);

    /// <summary>The most memory that its checkpoints take.</summary>
    public static long MostBytes(SimulationSpec spec, long stepCount, long maxBytes) =>
        stepCount == 0 ? 0 : Math.Max(LeastBytes(spec, stepCount), Math.Min(maxBytes, ((stepCount / MinSpacing) + 3) * CheckpointBytes(spec)));

    /// <summary>Whether the run should add a checkpoint where it is.</summary>
    public bool NeedsCheckpoint(int step)
    {
        lock (_lock)
        {
            return _stepCount > 0 && (_checkpoints.Count == 0 || step - _checkpoints[^1].State.Step >= Spacing);
        }
    }

    /// <summary>Adds a checkpoint of where the run is, and lets go of what is older than the steps to keep.</summary>
    public void Add(SimulationCheckpoint checkpoint)
    {
        lock (_lock)
        {
            _latest = RunPosition.Of(checkpoint);
            if (_checkpoints.Count == 0 || RunPosition.Of(_checkpoints[^1]) < _latest)
            {
                _checkpoints.Add(checkpoint);
            }

            Trim();
        }
    }

    /// <summary>Takes note of steps.</summary>
    public void MoveTo(RunPosition position)
    {
        lock (_lock)
        {
            _latest = position;
        }
    }

    /// <summary>Adds a change that has been applied.</summary>
    public void Add(AppliedChange change)
    {
        lock (_lock)
        {
            _latest = change.Position;
            if (_checkpoints.Count > 0)
            {
                _changes.Add(change);
            }
        }
    }

    /// <summary>The revision with which the run arrived at a step; null if that is no longer kept or has not happened.</summary>
    public RunPosition? ArrivalAt(long step)
    {
        lock (_lock)
        {
            if (step > _latest.Step)
            {
                return null;
            }

            if (_checkpoints.Count == 0)
            {
                return step == _latest.Step ? _latest : null;
            }

            // A step may be any number that a caller sends.
            if (step < _checkpoints[0].State.Step)
            {
                return null;
            }

            var revision = _checkpoints[0].Revision;
            foreach (var change in _changes)
            {
                revision = change.Position.Step < step ? change.Position.Revision : revision;
            }

            var arrival = new RunPosition((int)step, revision);
            return arrival < RunPosition.Of(_checkpoints[0]) ? null : arrival;
        }
    }

    /// <summary>The last checkpoint at or before a position; none if there is none (any more).</summary>
    public SimulationCheckpoint? CheckpointBefore(RunPosition position)
    {
        lock (_lock)
        {
            return _checkpoints.FindLast(checkpoint => RunPosition.Of(checkpoint) <= position);
        }
    }

    /// <summary>Finds the first change after a position, if there is one; returns false if it may have been let go of.</summary>
    public bool TryFindChangeAfter(RunPosition position, out AppliedChange? change)
    {
        lock (_lock)
        {
            change = null;
            if (_checkpoints.Count == 0 || position < RunPosition.Of(_checkpoints[0]))
            {
                return position == _latest;
            }

            // Revisions count changes, so that they index them.
            if (_changes.Count > 0 && position.Revision + 1 - _changes[0].Position.Revision is var index && index < _changes.Count)
            {
                change = _changes[(int)index];
            }

            return true;
        }
    }

    private static long CheckpointBytes(SimulationSpec spec) => (long)Math.Max(spec.SpeciesSymbols.Length, spec.Pattern is null ? 3 : 1) * sizeof(double) * spec.RowCount * spec.ColumnCount;

    private void Trim()
    {
        while (_checkpoints.Count > 1
            && (_checkpoints[1].State.Step < _latest.Step - _stepCount || (_checkpoints.Count > 2 && _checkpoints.Count * _checkpointBytes > _maxBytes)))
        {
            _checkpoints.RemoveAt(0);
        }

        _changes.RemoveAll(change => change.Position <= RunPosition.Of(_checkpoints[0]));
    }
}
