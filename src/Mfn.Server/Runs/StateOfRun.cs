using Grpc.Core;
using Mfn.Core.Steering;
using Mfn.Server.Calls;
using Mfn.Server.Memory;

namespace Mfn.Server.Runs;

/// <summary>What calls copy of a run that is kept.</summary>
internal static class StateOfRun
{
    /// <summary>The state after a step, or the state now if there is none.</summary>
    public static async Task<SimulationCheckpoint> AtAsync(Run run, long? step, RunServices services, MemoryReservation held, ServerCallContext context)
    {
        var cancellationToken = context.CancellationToken;
        held.Resize(SimulationMemory.OfCheckpoint(run.Status.Spec));
        if (step is null)
        {
            return await run.CaptureAsync(cancellationToken);
        }

        await run.CaughtUp.WaitAsync(cancellationToken);
        if (run.History.ArrivalAt(step.Value) is { } arrival)
        {
            while (!await services.Replays.TryTakeAsync(Timeout.InfiniteTimeSpan, cancellationToken))
            {
            }

            try
            {
                using var replay = await Replay.BeginAsync(run.History, arrival, services, MemoryHolder.Of(context), cancellationToken);
                if (replay is not null)
                {
                    return replay.Capture();
                }
            }
            finally
            {
                services.Replays.GiveBack();
            }
        }

        throw CallRefusedException.OutOfRange(
            $"step is {step}, but the run keeps the states after step {run.History.FirstAvailable.Step} to {run.History.Latest.Step}.");
    }
}
