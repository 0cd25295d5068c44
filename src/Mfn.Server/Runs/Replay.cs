using Mfn.Core.Steering;
using Mfn.Server.Calls;
using Mfn.Server.Compute;
using Mfn.Server.Frames;
using Mfn.Server.Memory;
using Mfn.Server.Observability;
using Mfn.Server.Pricing;
using Mfn.Server.Storage;

namespace Mfn.Server.Runs;

/// <summary>Recomputes a run's history for one reader, step by step and change by change.</summary>
internal sealed class Replay : IDisposable
{
    private readonly RunHistory _history;
    private readonly RunServices _services;
    private readonly FrameEncoder _encoder;
    private readonly SteeredSimulation _simulation;

    private readonly MemoryReservation _memory;
    private readonly ComputeQueue _queue;

    private Replay(RunHistory history, SteeredSimulation simulation, MemoryReservation memory, ComputeQueue queue, RunServices services)
    {
        _memory = memory;
        _queue = queue;
        _history = history;
        _simulation = simulation;
        _services = services;
        _encoder = new FrameEncoder(services.Buffers);
    }

    /// <summary>Where the replay is.</summary>
    public RunPosition Position => new(_simulation.Step, _simulation.Revision);

    /// <summary>A replay that has got to a position of the run; null if that is no longer kept.</summary>
    /// <param name="history">Of the run.</param>
    /// <param name="position">Where to go.</param>
    /// <param name="services">What all runs share.</param>
    /// <param name="holder">Who asks.</param>
    /// <param name="cancellationToken">Ends the computation between two steps.</param>
    /// <exception cref="CallRefusedException">There is no memory for it.</exception>
    public static async Task<Replay?> BeginAsync(
        RunHistory history, RunPosition position, RunServices services, MemoryHolder? holder, CancellationToken cancellationToken)
    {
        if (history.CheckpointBefore(position) is not { } checkpoint)
        {
            return null;
        }

        var memory = services.Memory.Open(MemoryUse.Runs, holder);
        var queue = services.Scheduler.QueueOf(holder);
        Replay replay;
        try
        {
            // What is stepped, and a frame of it.
            memory.Resize(SimulationMemory.OfEngine(checkpoint.Spec) + SimulationMemory.OfCheckpoint(checkpoint.Spec));
            var simulation = await queue.ComputeAsync(() => SteeredSimulation.Restore(checkpoint), cancellationToken);
            replay = new Replay(history, simulation, memory, queue, services);
        }
        catch
        {
            memory.Dispose();
            throw;
        }

        try
        {
            while (replay.Position < position)
            {
                if (await replay.MoveAsync(position, everyNSteps: int.MaxValue, cancellationToken) == ReplayStop.Trimmed)
                {
                    replay.Dispose();
                    return null;
                }
            }

            return replay;
        }
        catch
        {
            replay.Dispose();
            throw;
        }
    }

    /// <summary>Moves on to the next frame that is due, or to the end, whichever comes first.</summary>
    /// <param name="end">A position that the run has reached, ahead of this.</param>
    /// <param name="everyNSteps">The steps whose multiples are due. Edits of the potential are too.</param>
    /// <param name="cancellationToken">Ends the computation between two steps.</param>
    public async Task<ReplayStop> MoveAsync(RunPosition end, int everyNSteps, CancellationToken cancellationToken)
    {
        while (Position < end)
        {
            if (await _queue.ComputeAsync(() => Compute(end, everyNSteps, cancellationToken), cancellationToken) is { } stop)
            {
                return stop;
            }
        }

        return ReplayStop.End;
    }

    /// <summary>What the steps since one have cost.</summary>
    public long PriceSince(int step) => PriceList.Steps(_simulation.Spec, Position.Step - step).CellSteps;

    /// <summary>The frame of where the replay is; the caller releases it.</summary>
    public Task<SharedFrame> EncodeAsync(FrameFormat format, CancellationToken cancellationToken) => _services.Frames.ComputeAsync(
        () => _encoder.Encode(new FrameSource(_simulation.Engine, _simulation.Revision), format), cancellationToken);

    /// <summary>The state of where the replay is.</summary>
    public SimulationCheckpoint Capture() => _simulation.Capture();

    public void Dispose()
    {
        _encoder.Dispose();
        _simulation.Dispose();
        _memory.Dispose();
    }

    /// <summary>Goes on for a time slice; null if nothing is due by then.</summary>
    private ReplayStop? Compute(RunPosition end, int everyNSteps, CancellationToken cancellationToken)
    {
        var start = _services.Clock.GetTimestamp();
        do
        {
            if (!_history.TryFindChangeAfter(Position, out var next))
            {
                return ReplayStop.Trimmed;
            }

            if (next is { } change && change.Position.Step == _simulation.Step && change.Position <= end)
            {
                _simulation.Apply(change.Change);
                if (change.Change.EditsFields)
                {
                    return ReplayStop.Frame;
                }
            }
            else
            {
                var step = _simulation.Step;
                var count = Math.Min(ComputeScheduler.MaxStepsAtOnce, end.Step - step);
                count = Math.Min(count, (next?.Position.Step ?? int.MaxValue) - step);
                count = Math.Min(count, everyNSteps - (step % everyNSteps));
                _simulation.Advance(count, cancellationToken);
                _services.Metrics.StepsOf(StepWork.Replay).Add(_simulation.Spec, count);
                if (_simulation.Step % everyNSteps == 0)
                {
                    return ReplayStop.Frame;
                }
            }

            if (Position >= end)
            {
                return ReplayStop.End;
            }
        }
        while (_services.Clock.GetElapsedTime(start) < ComputeScheduler.TimeSlice);

        return null;
    }
}
