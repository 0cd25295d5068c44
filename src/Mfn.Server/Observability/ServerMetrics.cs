using System.Diagnostics.Metrics;
using Prometheus;

namespace Mfn.Server.Observability;

/// <summary>
/// What the server counts while it runs, for Prometheus and for whoever listens to the meter <see cref="MeterName"/>: all metrics are here, with all that
/// docs/metrics.md says of them.
/// </summary>
internal sealed class ServerMetrics
{
    /// <summary>Of the meter.</summary>
    public const string MeterName = "Mfn.Server";

    /// <summary>What stands for names that callers have made up.</summary>
    public const string Unknown = "unknown";

    /// <summary>What stands for what is not there.</summary>
    public const string None = "none";

    /// <summary>A round that was answered.</summary>
    public const string AnsweredRound = "answered";

    /// <summary>A round of which admission left too few updates for its rule.</summary>
    public const string ShortRound = "too_few_updates";

    /// <summary>A round that came to nothing for another reason.</summary>
    public const string FailedRound = "failed";

    /// <summary>The state of a run that was left alone.</summary>
    public const string DamagedRun = "damaged";

    /// <summary>The delivery of a stream that waits for its only client.</summary>
    public const string OwnerDelivery = "owner";

    private const string MethodValues = "the methods of the server's services; `unknown` for all others";

    // From a call that computes nothing to one that takes a minute.
    private static readonly double[] CallSeconds = [.00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60];
    private static readonly double[] LagSeconds = [.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10];
    private static readonly double[] DiskSeconds = [.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5];
    private static readonly double[] StepSeconds = [.000001, .000003, .00001, .00003, .0001, .0003, .001, .003, .01, .03, .1, .3, 1];

    private readonly MetricSet _all;
    private readonly Dictionary<string, FrameMetrics> _frames;
    private readonly StepMetrics[] _steps;

    public ServerMetrics(IMeterFactory meters)
    {
        _all = new MetricSet(meters, MeterName);
        DotNetStats.Register(_all.Registry);

        MetricLabel service = new("service", "the server's services; `unknown` for all others");
        MetricLabel method = new("method", MethodValues);
        MetricLabel code = new("code", "the codes of gRPC, such as `OK` and `RESOURCE_EXHAUSTED`");
        StartedCalls = _all.Counter("mfn.rpc.started", "{call}", "Calls that have begun.", service, method);
        HandledCalls = _all.Counter("mfn.rpc.handled", "{call}", "Calls that have ended, by the code of gRPC: HTTP's status is 200 for each of them.", service, method, code);
        OpenCalls = _all.Gauge("mfn.rpc.open", "{call}", "Calls under way, streams among them.", service, method);
        CallDuration = _all.Histogram("mfn.rpc.duration", "s", "How long unary calls take, from their headers to the end of their answer; of streams it would say nothing.", CallSeconds, service, method);
        Refusals = _all.Counter("mfn.rpc.refusals", "{refusal}", "What was refused, calls and commands of streams.", new MetricLabel("reason", "the reasons of ErrorInfo, or of what has none the code of gRPC"));
        QuotaRefusals = _all.Counter("mfn.quota.refusals", "{refusal}", "What a quota did not allow.", new MetricLabel("quota", "the quotas' names, as `QuotaFailure` tells them"));
        FullConnections = _all.Counter("mfn.connections.filled", "{connection}", "Times that a connection came to have as many open calls as one may have; further ones wait in its client.");
        RefusedTraffic = _all.Counter("mfn.traffic.refusals", "{refusal}", "Connections and streams that ended before a call could begin: a wrong protocol, a failed handshake, a broken frame.");

        MetricLabel verb = MetricLabel.Of("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", Unknown]);
        MetricLabel endpoint = new("endpoint", "the paths of REST, with names for what differs; `unknown` for all others");
        WebRequests = _all.Counter("mfn.http.requests", "{request}", "Requests by REST that have been answered; those that reach a method are calls, too.", verb, endpoint, new MetricLabel("status", "the status codes of HTTP"));
        WebDuration = _all.Histogram("mfn.http.request_duration", "s", "How long they take, from their headers to the end of their answer.", CallSeconds, verb, endpoint);
        OpenWebRequests = _all.Gauge("mfn.http.requests_in_progress", "{request}", "Requests by REST under way.");

        string[] deliveries = ["lossless", "latest", "drop_oldest", "degrade", OwnerDelivery];
        var delivery = MetricLabel.Of("delivery", deliveries);
        Watchers = _all.Gauge("mfn.watchers", "{watcher}", "Watchers of live runs.");
        FirstFrame = _all.Histogram("mfn.watch.first_frame", "s", "Time from the beginning of a watch to its first frame.", LagSeconds).WithLabels();
        DeliveryLag = _all.Histogram("mfn.watch.delivery_lag", "s", "Time from when a frame was made to when its watcher's connection had taken it; not of history.", LagSeconds).WithLabels();
        SentFrames = _all.Counter("mfn.frames.sent", "{frame}", "Frames sent: to watchers, by their delivery, and by streams of simulations to their owner.", delivery);
        SentBytes = _all.Counter("mfn.frames.sent_size", "By", "Their messages, before HTTP/2 and TLS.", delivery);
        DroppedFrames = _all.Counter("mfn.frames.dropped", "{frame}", "Frames that slow watchers did not get, as their gaps told them.", delivery);
        _frames = deliveries.ToDictionary(each => each, each => new FrameMetrics(SentFrames.WithLabels(each), SentBytes.WithLabels(each), DroppedFrames.WithLabels(each)));
        Degradations = _all.Counter("mfn.watch.degradations", "{change}", "Times that a slow watcher was told that it gets less.");
        Gaps = _all.Counter("mfn.watch.gaps", "{gap}", "Gaps that watchers were told of.", MetricLabel.Of("reason", ["slow_watcher", "history_trimmed"]));
        Resumptions = _all.Counter("mfn.watch.resumptions", "{watch}", "Watches that went on from a token.");
        Stalls = _all.Counter("mfn.watch.stalls", "{watch}", "Watches that the server ended because their client did not take what it had asked for.");

        Runs = _all.Observed("mfn.runs", MetricKind.Gauge, "{run}", "Live runs.", MetricLabel.Of("state", ["running", "paused", "stopped", "failed", DamagedRun]));
        ComputationPlaces = _all.Observed("mfn.compute.places", MetricKind.Gauge, "{computation}", "Computations that may be under way at once.");
        Computations = _all.Observed("mfn.compute.active", MetricKind.Gauge, "{computation}", "Computations under way.");
        Uploads = _all.Observed("mfn.compute.uploads", MetricKind.Gauge, "{upload}", "Uploads that have or will want a place among them.");
        ComputeThreads = _all.Observed("mfn.compute.threads", MetricKind.Gauge, "{thread}", "Threads that compute.");
        ComputeBusy = _all.Observed("mfn.compute.busy", MetricKind.Counter, "s", "Time that they have computed, all together.");
        ComputeQueue = _all.Observed("mfn.compute.queue", MetricKind.Gauge, "{item}", "What waits for one of them.");
        MetricLabel work = MetricLabel.Of<StepWork>("work");
        Steps = _all.Counter("mfn.steps", "{step}", "Steps computed: of live runs, of simulations that a call waits for, and again for history or after a restart.", work);
        CellSteps = _all.Counter("mfn.cell_steps", "{cell-step}", "The same, each times the cells of its field.", work);
        _steps = [.. Enum.GetValues<StepWork>().Select(MetricLabel.ValueOf).Select(each => new StepMetrics(Steps.WithLabels(each), CellSteps.WithLabels(each)))];
        StepDuration = _all.Histogram("mfn.step.duration", "s", "How long a step of a live run takes, as the mean of those that were taken together.", StepSeconds).WithLabels();
        Replays = _all.Observed("mfn.replays.active", MetricKind.Gauge, "{replay}", "Watches that are given history.");
        WaitingReplays = _all.Observed("mfn.replays.waiting", MetricKind.Gauge, "{replay}", "Watches that wait for their turn to be given history.");
        ReplayBacklog = _all.Gauge("mfn.replays.backlog_steps", "{step}", "Steps of history that watches are still to be given, or wait for, all together.");
        Rounds = _all.Counter("mfn.aggregation.rounds", "{round}", "Rounds of updates, by what came of them.", new MetricLabel("rule", "the rules' names, as the answer tells them"), MetricLabel.Of("outcome", [AnsweredRound, ShortRound, FailedRound]));
        RefusedUpdates = _all.Counter("mfn.aggregation.refused_updates", "{update}", "Updates that admission refused.", MetricLabel.Of("reason", ["not_finite", "wrong_length", "norm_above_cap", "duplicate_client", "weight_out_of_bounds", "not_sampled", "not_selected"]));

        MemoryLimit = _all.Observed("mfn.memory.limit", MetricKind.Gauge, "By", "What the server may hold for its clients.");
        Memory = _all.Observed("mfn.memory.held", MetricKind.Gauge, "By", "What it holds, by what for.", MetricLabel.Of("use", ["connections", "requests", "answers", "imports", "backlogs", "rounds", "history", "runs"]));
        DiscardedMemory = _all.Observed("mfn.memory.discarded", MetricKind.Gauge, "By", "What was given back since the last collection, and is not free yet.");
        CollectionPauses = _all.Observed("mfn.gc.pauses", MetricKind.Counter, "s", "Time that collections of memory have stopped all threads.");
        AllocatedMemory = _all.Observed("mfn.gc.allocated", MetricKind.Counter, "By", "Memory that the runtime has allocated for objects.");
        ThreadPoolQueue = _all.Observed("mfn.threadpool.queue", MetricKind.Gauge, "{item}", "What waits for a thread of the pool, which answers calls.");

        Price = _all.Observed("mfn.price", MetricKind.Counter, "{cell-step}", "Cell-steps, by what became of them; what was reserved and is neither settled nor refunded is under way.", MetricLabel.Of("state", ["reserved", "settled", "refunded"]));

        CheckpointDuration = _all.Histogram("mfn.checkpoint.duration", "s", "How long it takes to write a checkpoint of a run, until it is on disk.", DiskSeconds).WithLabels();
        FlushDuration = _all.Histogram("mfn.log.flush_duration", "s", "How long it takes to append to a run's log, until it is on disk: what a command waits for.", DiskSeconds).WithLabels();
        FailedWrites = _all.Counter("mfn.storage.failures", "{write}", "Writes to the data directory that failed.");
        FreeStorage = _all.Observed("mfn.storage.free", MetricKind.Gauge, "By", "What the disk of the data directory has room for; only with one.");
        HorizonLag = _all.Observed("mfn.horizon.lag_steps", MetricKind.Gauge, "{step}", "Steps that the log of a live run promises and that it has not taken, of the run with most: after a crash it goes on from there, and after a restart it recomputes up to there.");
        HorizonExtensions = _all.Counter("mfn.horizon.extensions", "{append}", "Times that a run waited for its log to promise further steps before it took them.");

        Ready = _all.Observed("mfn.ready", MetricKind.Gauge, "{check}", "1 while a check of readiness lets calls come here, else 0; as it was found at most half a minute ago.", MetricLabel.Of("check", ["serving", "room", "disk", "clock", "inputs"]));
        Build = _all.Observed("mfn.build_info", MetricKind.Gauge, "{server}", "Always 1.", new MetricLabel("version", "the server's own"));
        MetricLabel credential = MetricLabel.Of("credential", ["anonymous", "api_key", "certificate", "token", None, Unknown]);
        Authentications = _all.Counter("mfn.auth.outcomes", "{call}", "Calls by what they showed, and what came of that.", credential, MetricLabel.Of("outcome", ["accepted", "missing", "invalid", "expired", "revoked", "denied"]));
        DroppedHeaders = _all.Counter("mfn.identity.dropped_headers", "{call}", "Calls whose header about a client certificate was passed over, since it did not come from a trusted proxy.");
        LostAuditEvents = _all.Counter("mfn.audit.lost", "{event}", "Events that are not in the audit log, since it could not be written.");
        MetricLabel input = new("input", "the settings that name what the server follows: files, issuers, stores of secrets");
        InputsInForce = _all.Observed("mfn.input.in_force_timestamp", MetricKind.Gauge, "s", "Since when what is in force is so, in seconds since 1970.", input);
        InputsFailing = _all.Observed("mfn.input.failing", MetricKind.Gauge, "{input}", "1 while the newest cannot be used, and what was there before is in force; else 0.", input);
        InputsExpire = _all.Observed("mfn.input.expiry_timestamp", MetricKind.Gauge, "s", "Until when what is in force is good, certificates above all, in seconds since 1970; only of what says so.", input);
        InputChanges = _all.Observed("mfn.input.changes", MetricKind.Counter, "{change}", "Times that something new of what the server follows came into force.");
        InputFailures = _all.Observed("mfn.input.failures", MetricKind.Counter, "{look}", "Looks at what the server follows that found nothing that could be used.");
        SecretRequests = _all.Observed("mfn.secrets.requests", MetricKind.Counter, "{request}", "Times that Vault or AWS was asked for a secret.", MetricLabel.Of("outcome", ["answered", "failed"]));

        var signal = MetricLabel.Of("signal", ["traces", "logs"]);
        TelemetryTaken = _all.Counter("mfn.telemetry.taken", "{item}", "Spans, and log records, that were to be sent to the collector.", signal);
        TelemetryExported = _all.Counter("mfn.telemetry.exported", "{item}", "Those that the collector has taken; some of them may have waited since before the server's start.", signal);
        TelemetryLost = _all.Counter("mfn.telemetry.lost", "{item}", "Those that it will never get.", signal);
        TelemetryWaiting = _all.Observed("mfn.telemetry.waiting_size", MetricKind.Gauge, "By", "What waits on disk for the collector.", signal);
        foreach (var name in (string[])["traces", "logs"])
        {
            TelemetryTaken.WithLabels(name);
            TelemetryExported.WithLabels(name);
            TelemetryLost.WithLabels(name);
        }
    }

    /// <summary>What Prometheus reads.</summary>
    public CollectorRegistry Registry => _all.Registry;

    /// <summary>What is counted of the frames of a delivery.</summary>
    public FrameMetrics FramesOf(string delivery) => _frames[delivery];

    /// <summary>What is counted of the steps that are computed for something.</summary>
    public StepMetrics StepsOf(StepWork work) => _steps[(int)work];

    /// <summary>All metrics of the server's own.</summary>
    public IReadOnlyList<MetricDefinition> Definitions => _all.Definitions;

    public Counter StartedCalls { get; }

    public Counter HandledCalls { get; }

    public Gauge OpenCalls { get; }

    public HistogramMetric CallDuration { get; }

    public Counter Refusals { get; }

    public Counter QuotaRefusals { get; }

    public Counter FullConnections { get; }

    public Counter RefusedTraffic { get; }

    public Counter WebRequests { get; }

    public HistogramMetric WebDuration { get; }

    public Gauge OpenWebRequests { get; }

    public Gauge Watchers { get; }

    public HistogramCell FirstFrame { get; }

    public HistogramCell DeliveryLag { get; }

    public Counter SentFrames { get; }

    public Counter SentBytes { get; }

    public Counter DroppedFrames { get; }

    public Counter Degradations { get; }

    public Counter Gaps { get; }

    public Counter Resumptions { get; }

    public Counter Stalls { get; }

    public ObservedMetric Runs { get; }

    public ObservedMetric ComputationPlaces { get; }

    public ObservedMetric Computations { get; }

    public ObservedMetric Uploads { get; }

    public ObservedMetric ComputeThreads { get; }

    public ObservedMetric ComputeBusy { get; }

    public ObservedMetric ComputeQueue { get; }

    public Counter Steps { get; }

    public Counter CellSteps { get; }

    public HistogramCell StepDuration { get; }

    public ObservedMetric Replays { get; }

    public ObservedMetric WaitingReplays { get; }

    public Gauge ReplayBacklog { get; }

    public Counter Rounds { get; }

    public Counter RefusedUpdates { get; }

    public ObservedMetric MemoryLimit { get; }

    public ObservedMetric Memory { get; }

    public ObservedMetric DiscardedMemory { get; }

    public ObservedMetric CollectionPauses { get; }

    public ObservedMetric AllocatedMemory { get; }

    public ObservedMetric ThreadPoolQueue { get; }

    public ObservedMetric Price { get; }

    public HistogramCell CheckpointDuration { get; }

    public HistogramCell FlushDuration { get; }

    public Counter FailedWrites { get; }

    public ObservedMetric FreeStorage { get; }

    public ObservedMetric HorizonLag { get; }

    public Counter HorizonExtensions { get; }

    public ObservedMetric Ready { get; }

    public ObservedMetric Build { get; }

    public Counter Authentications { get; }

    public Counter DroppedHeaders { get; }

    public Counter LostAuditEvents { get; }

    public ObservedMetric InputsInForce { get; }

    public ObservedMetric InputsFailing { get; }

    public ObservedMetric InputsExpire { get; }

    public ObservedMetric InputChanges { get; }

    public ObservedMetric InputFailures { get; }

    public ObservedMetric SecretRequests { get; }

    public Counter TelemetryTaken { get; }

    public Counter TelemetryExported { get; }

    public Counter TelemetryLost { get; }

    public ObservedMetric TelemetryWaiting { get; }
}
