using Mfn.Core.Steering;
using Mfn.Server.Storage;

namespace Mfn.Server.Runs;

/// <summary>What a run begins, or goes on, from.</summary>
/// <param name="Id">Names it.</param>
/// <param name="Epoch">Its timeline.</param>
/// <param name="TokenSecret">Seals its tokens.</param>
/// <param name="Created">When it was created.</param>
/// <param name="Plan">How it goes.</param>
/// <param name="ForkedFrom">The state of another run that it was forked from; null if it was not.</param>
/// <param name="Checkpoint">The state.</param>
/// <param name="Past">What happened after the checkpoint, or nothing.</param>
internal sealed record RunOrigin(
    RunId Id,
    ulong Epoch,
    ReadOnlyMemory<byte> TokenSecret,
    DateTimeOffset Created,
    RunPlan Plan,
    ForkPoint? ForkedFrom,
    SimulationCheckpoint Checkpoint,
    RunPast Past);
