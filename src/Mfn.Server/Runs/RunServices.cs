using System.Globalization;
using Grpc.Core;
using Mfn.Server.Compute;
using Mfn.Server.Configuration;
using Mfn.Server.Frames;
using Mfn.Server.Lifetime;
using Mfn.Server.Memory;
using Mfn.Server.Observability;
using Mfn.Server.Pricing;

namespace Mfn.Server.Runs;

/// <summary>What all live runs and their watchers share.</summary>
internal sealed record RunServices(
    ComputeScheduler Scheduler, FrameScheduler Frames, FieldBufferPool Buffers, CallPrices Prices, BacklogMemory BacklogMemory, MemoryAccount Memory, ReplaySlots Replays, Heartbeats Heartbeats, ServerMetrics Metrics, ServerLifetime Lifetime, TimeProvider Clock, RunsOptions Options, EpisodeLimit Episodes)
{
    private const string HeartbeatHeader = "mfn-heartbeat-milliseconds";

    /// <summary>Tells a watcher, or who steers, how long the server may be silent: in the response's headers, which are still to be sent.</summary>
    public void AnnounceHeartbeats(ServerCallContext context) =>
        context.GetHttpContext().Response.Headers[HeartbeatHeader] = Options.HeartbeatInterval.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
}
