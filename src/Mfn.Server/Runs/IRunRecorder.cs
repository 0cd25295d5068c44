using Mfn.Core.Steering;
using Mfn.Server.Storage;

namespace Mfn.Server.Runs;

/// <summary>Where a run writes what must survive the process: each call returns when it does.</summary>
internal interface IRunRecorder : IDisposable
{
    /// <summary>Whether anything survives.</summary>
    bool IsDurable { get; }

    /// <summary>A command is about to be applied, and the run will be at the position right after it; with it may come another horizon.</summary>
    ValueTask AddAsync(SteeringCommand command, RunPosition position, int? horizon);

    /// <summary>Steps up to this one are about to be shown to watchers.</summary>
    ValueTask ExtendHorizonAsync(int step);

    /// <summary>Whether the last checkpoint is so old that another one should be written.</summary>
    bool WantsCheckpoint { get; }

    /// <summary>Writes a checkpoint of where the run is. What nobody needs who goes on from the given step may go.</summary>
    ValueTask AddAsync(SimulationCheckpoint checkpoint, long firstStepNeeded);

    /// <summary>The run has ended of itself at the step.</summary>
    ValueTask EndAsync(RunEnd end, int step);

    /// <summary>The server ends in order, and has written a checkpoint of where the run is: nothing follows.</summary>
    ValueTask CloseAsync(RunPosition position);

    /// <summary>The run is deleted.</summary>
    void Delete();
}
