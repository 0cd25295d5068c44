using Mfn.Contracts.Storage.V1;
using Mfn.Core.Steering;
using Mfn.Server.Files;
using Mfn.Server.Observability;
using Mfn.Server.Storage;
using Mfn.Server.Translation;

namespace Mfn.Server.Runs;

/// <summary>Records a run in a data directory.</summary>
internal sealed class RunRecorder(RunStore store, StoredRun files, TimeProvider clock, ServerMetrics metrics) : IRunRecorder
{
    // What it takes to recompute the steps since the last checkpoint is the time that a restart takes longer.
    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(30);

    private long _checkpointed = clock.GetTimestamp();
    private bool _isDeleted;

    public bool IsDurable => true;

    public bool WantsCheckpoint => clock.GetElapsedTime(_checkpointed) > CheckpointInterval;

    public ValueTask AddAsync(SteeringCommand command, RunPosition position, int? horizon)
    {
        var record = new RunLogRecord
        {
            AppliedCommand = new AppliedCommand { Command = command.Message, Step = position.Step, Revision = position.Revision },
        };
        return horizon is { } step ? AppendAsync(record, ToRecord(step)) : AppendAsync(record);
    }

    public ValueTask ExtendHorizonAsync(int step)
    {
        metrics.HorizonExtensions.Inc();
        return AppendAsync(ToRecord(step));
    }

    public ValueTask EndAsync(RunEnd end, int step) => AppendAsync(new RunLogRecord
    {
        End = new Contracts.Storage.V1.RunEnd { Reason = end.Reason.ToWire(), Detail = end.Detail, Step = step },
    });

    public async ValueTask AddAsync(SimulationCheckpoint checkpoint, long firstStepNeeded)
    {
        await MeasureAsync(metrics.CheckpointDuration, () =>
        {
            files.WriteCheckpoint(checkpoint);
            files.Log.FlushMark();
            var checkpoints = files.Checkpoints;

            // The latest before the first step needed serves who goes on from there.
            var older = checkpoints.Where(position => position.Step < firstStepNeeded).Take(1);
            files.DeleteCheckpointsExcept([.. checkpoints.Where(position => position.Step >= firstStepNeeded), .. older]);
        });
        _checkpointed = clock.GetTimestamp();
    }

    public async ValueTask CloseAsync(RunPosition position) =>
        await Task.Run(() => files.Log.Close(new CleanStop { Step = position.Step, Revision = position.Revision }));

    public void Delete() => _isDeleted = true;

    public void Dispose()
    {
        files.Dispose();
        if (_isDeleted)
        {
            store.Delete(files.Id);
        }
    }

    private static RunLogRecord ToRecord(int horizon) => new() { Horizon = new Horizon { Step = horizon } };

    // The disk must not hold a thread that computes.
    private async ValueTask AppendAsync(params RunLogRecord[] records) => await MeasureAsync(metrics.FlushDuration, () => files.Log.Append(records));

    private Task MeasureAsync(HistogramCell duration, Action write) => Task.Run(() =>
    {
        var start = clock.GetTimestamp();
        using var span = Spans.Start(Spans.Flush);
        try
        {
            write();
        }
        catch (Exception error) when (DurableFiles.IsWriteFailure(error))
        {
            metrics.FailedWrites.Inc();
            throw;
        }

        duration.Observe(clock.GetElapsedTime(start).TotalSeconds);
    });
}
