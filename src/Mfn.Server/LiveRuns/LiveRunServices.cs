using Mfn.Server.Configuration;
using Mfn.Server.Lifetime;
using Mfn.Server.Observability;
using Mfn.Server.Runs;

namespace Mfn.Server.LiveRuns;

/// <summary>What all live runs and their watchers share.</summary>
internal sealed record LiveRunServices(
    ComputeScheduler Scheduler, FieldBufferPool Buffers, ReplaySlots Replays, Heartbeats Heartbeats, ServerMeter Meter, ServerLifetime Lifetime, TimeProvider Clock, LiveRunsOptions Options);
