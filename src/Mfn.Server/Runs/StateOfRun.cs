using Grpc.Core;
using Mfn.Core.Steering;
using Mfn.Server.Calls;
using Mfn.Server.Memory;
using Mfn.Server.Observability;
using Mfn.Server.Pricing;

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
            await services.Prices.AnnounceInTurnAsync(PriceList.States(run.Status.Spec, 1), context);
            return await run.CaptureAsync(cancellationToken);
        }

        await run.CaughtUp.WaitAsync(cancellationToken);
        if (run.History.ArrivalAt(step.Value) is { } arrival)
        {
            var recomputed = run.History.CheckpointBefore(arrival) is { } checkpoint ? arrival.Step - checkpoint.State.Step : 0;
            await services.Prices.AnnounceInTurnAsync(PriceList.Steps(run.Status.Spec, recomputed) + PriceList.States(run.Status.Spec, 1), context);
            using (Spans.Start(Spans.Queue))
            {
                while (!await services.Replays.TryTakeAsync(Timeout.InfiniteTimeSpan, cancellationToken))
                {
                }
            }

            try
            {
                using var span = Spans.Start(Spans.Replay);
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
