using Mfn.Core.Steering;
using Mfn.Server.Storage;

namespace Mfn.Server.Runs;

/// <summary>The recorder of a run that ends with the process.</summary>
internal sealed class NoRecorder : IRunRecorder
{
    public static NoRecorder Instance { get; } = new();

    public bool IsDurable => false;

    public bool WantsCheckpoint => false;

    public ValueTask AddAsync(SteeringCommand command, RunPosition position, int? horizon) => ValueTask.CompletedTask;

    public ValueTask ExtendHorizonAsync(int step) => ValueTask.CompletedTask;

    public ValueTask AddAsync(SimulationCheckpoint checkpoint, long firstStepNeeded) => ValueTask.CompletedTask;

    public ValueTask EndAsync(RunEnd end, int step) => ValueTask.CompletedTask;

    public ValueTask CloseAsync(RunPosition position) => ValueTask.CompletedTask;

    public void Delete()
    {
    }

    public void Dispose()
    {
    }
}
