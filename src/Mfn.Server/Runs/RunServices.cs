using Mfn.Server.Compute;
using Mfn.Server.Configuration;
using Mfn.Server.Frames;
using Mfn.Server.Lifetime;
using Mfn.Server.Observability;

namespace Mfn.Server.Runs;

/// <summary>What all live runs and their watchers share.</summary>
internal sealed record RunServices(
    ComputeScheduler Scheduler, FrameScheduler Frames, FieldBufferPool Buffers, BacklogMemory BacklogMemory, ReplaySlots Replays, Heartbeats Heartbeats, ServerMeter Meter, ServerLifetime Lifetime, TimeProvider Clock, RunsOptions Options);
