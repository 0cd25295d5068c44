using System.Diagnostics.Metrics;

namespace Mfn.Server.Observability;

/// <summary>What the server counts while it runs, for whoever listens to the meter <see cref="Name"/>.</summary>
internal sealed class ServerMeter
{
    public const string Name = "Mfn.Server";

    private readonly Meter _meter;

    public ServerMeter(IMeterFactory meters)
    {
        _meter = meters.Create(Name);
        OpenCalls = _meter.CreateUpDownCounter<long>("mfn.calls.open", "{call}", "Calls under way.");
        FullConnections = _meter.CreateCounter<long>("mfn.connections.filled", "{connection}", "Times that a connection came to have as many open calls as one may have; further ones wait in its client.");
        RefusedTraffic = _meter.CreateCounter<long>("mfn.traffic.refused", "{refusal}", "Connections and streams that ended before a call could begin: a wrong protocol, a failed handshake, a broken frame.");
        RefusedCalls = _meter.CreateCounter<long>("mfn.calls.refused", "{call}", "Calls refused because their connection had too many.");
        DeniedCalls = _meter.CreateCounter<long>("mfn.calls.denied", "{call}", "Calls refused because their caller was not known, or must not do what it asked for.");
        DroppedHeaders = _meter.CreateCounter<long>("mfn.identity.dropped_headers", "{call}", "Calls whose header about a client certificate was passed over, since it did not come from a trusted proxy.");
        LostAuditEvents = _meter.CreateCounter<long>("mfn.audit.lost", "{event}", "Events that are not in the audit log, since it could not be written.");
        LiveRuns = _meter.CreateUpDownCounter<long>("mfn.live_runs", "{run}", "Live runs.");
        DamagedRuns = _meter.CreateUpDownCounter<long>("mfn.damaged_runs", "{run}", "Runs in the data directory that were left alone.");
        Watchers = _meter.CreateUpDownCounter<long>("mfn.watchers", "{watcher}", "Watchers of live runs.");
        SentFrames = _meter.CreateCounter<long>("mfn.frames.sent", "{frame}", "Frames sent to watchers.");
        DroppedFrames = _meter.CreateCounter<long>("mfn.frames.dropped", "{frame}", "Frames that slow watchers did not get, as their gaps told them.");
    }

    public UpDownCounter<long> OpenCalls { get; }

    public Counter<long> RefusedCalls { get; }

    public Counter<long> DeniedCalls { get; }

    public Counter<long> DroppedHeaders { get; }

    public Counter<long> LostAuditEvents { get; }

    public Counter<long> FullConnections { get; }

    public Counter<long> RefusedTraffic { get; }

    public UpDownCounter<long> LiveRuns { get; }

    public UpDownCounter<long> DamagedRuns { get; }

    public UpDownCounter<long> Watchers { get; }

    public Counter<long> SentFrames { get; }

    public Counter<long> DroppedFrames { get; }
}
