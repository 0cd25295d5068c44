using Mfn.Contracts.Storage.V1;
using Mfn.Core.Steering;
using Mfn.Server.Storage;
using Mfn.Server.Translation;

namespace Mfn.Server.Runs;

/// <summary>Records a run in a data directory.</summary>
internal sealed class RunRecorder(RunStore store, StoredRun files, TimeProvider clock) : IRunRecorder
{
    // What it takes to recompute the steps since the last checkpoint is the time that a restart takes longer.
    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(30);

    private long _checkpointed = clock.GetTimestamp();
    private bool _isDeleted;

    public bool IsDurable => true;

    public bool WantsCheckpoint => clock.GetElapsedTime(_checkpointed) > CheckpointInterval;

    public ValueTask AddAsync(SteeringCommand command, RunPosition position) => AppendAsync(new RunLogRecord
    {
        AppliedCommand = new AppliedCommand { Command = command.Message, Step = position.Step, Revision = position.Revision },
    });

    public ValueTask ExtendHorizonAsync(int step) => AppendAsync(new RunLogRecord { Horizon = new Horizon { Step = step } });

    public ValueTask EndAsync(RunEnd end, int step) => AppendAsync(new RunLogRecord
    {
        End = new Contracts.Storage.V1.RunEnd { Reason = end.Reason.ToWire(), Detail = end.Detail, Step = step },
    });

    public async ValueTask AddAsync(SimulationCheckpoint checkpoint, long firstStepNeeded)
    {
        await Task.Run(() =>
        {
            files.WriteCheckpoint(checkpoint);
            var checkpoints = files.Checkpoints;

            // The latest before the first step needed serves who goes on from there.
            var older = checkpoints.Where(position => position.Step < firstStepNeeded).Take(1);
            files.DeleteCheckpointsExcept([.. checkpoints.Where(position => position.Step >= firstStepNeeded), .. older]);
        });
        _checkpointed = clock.GetTimestamp();
    }

    public void Delete() => _isDeleted = true;

    public void Dispose()
    {
        files.Dispose();
        if (_isDeleted)
        {
            store.Delete(files.Id);
        }
    }

    // The disk must not hold a thread that computes.
    private async ValueTask AppendAsync(RunLogRecord record) => await Task.Run(() => files.Log.Append([record]));
}
