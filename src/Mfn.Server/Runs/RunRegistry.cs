using System.Diagnostics.CodeAnalysis;
using Mfn.Contracts.Storage.V1;
using Mfn.Core.Simulation;
using Mfn.Core.Steering;
using Mfn.Server.Calls;
using Mfn.Server.Compute;
using Mfn.Server.Configuration;
using Mfn.Server.Files;
using Mfn.Server.Frames;
using Mfn.Server.Health;
using Mfn.Server.Lifetime;
using Mfn.Server.Logging;
using Mfn.Server.Memory;
using Mfn.Server.Observability;
using Mfn.Server.Pricing;
using Mfn.Server.Quotas;
using Mfn.Server.Storage;
using Mfn.Server.Translation;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Runs;

/// <summary>Starts live runs, finds them, and deletes those that nobody asks for.</summary>
internal sealed partial class RunRegistry : IHostedService, IAsyncDisposable
{
    // A directory of another kind than was meant may have any number of entries.
    private const int MaxLoggedEntries = 100;

    private readonly Lock _lock = new();
    private readonly LimitsOptions _limits;
    private readonly ILoggerFactory _loggers;
    private readonly Dictionary<RunId, Run> _runs = [];
    private readonly Dictionary<RunId, DamagedRun> _damaged = [];
    private readonly HealthNotes _notes;
    private readonly QuotaLedger _quotas;
    private readonly ServerLifetime _lifetime;
    private readonly ReplaySlots _replays;
    private readonly Heartbeats _heartbeats;
    private readonly ILogger<RunRegistry> _logger;
    private readonly ITimer _idleTimer;
    private RunStore? _store;
    private Task _idleSweep = Task.CompletedTask;

    public RunRegistry(
        IOptions<RunsOptions> options,
        IOptions<LimitsOptions> limits,
        ComputeScheduler scheduler,
        FrameScheduler frames,
        FieldBufferPool buffers,
        CallPrices prices,
        QuotaLedger quotas,
        MemoryAccount memory,
        ServerMetrics metrics,
        ServerLifetime lifetime,
        HealthNotes notes,
        TimeProvider clock,
        EpisodeLimit episodes,
        ILoggerFactory loggers)
    {
        _notes = notes;
        _quotas = quotas;
        _lifetime = lifetime;
        _limits = limits.Value;
        _loggers = loggers;
        _logger = loggers.CreateLogger<RunRegistry>();
        _replays = new ReplaySlots(options.Value.MaxReplays);
        _heartbeats = new Heartbeats(options.Value.HeartbeatInterval, clock);
        Services = new RunServices(scheduler, frames, buffers, prices, new BacklogMemory(buffers, memory, options.Value.MaxBacklogBytes), memory, _replays, _heartbeats, metrics, lifetime, clock, options.Value, episodes);

        // Often enough that a run is deleted about when its time has come.
        // No timer waits for more than seven weeks.
        var period = TimeSpan.FromTicks(Math.Min(options.Value.IdleTimeout.Ticks / 4, TimeSpan.TicksPerHour));
        _idleTimer = clock.CreateTimer(_ => SweepIdle(), state: null, period, period);
    }

    /// <summary>What runs and their watchers share.</summary>
    public RunServices Services { get; }

    /// <summary>All runs of a tenant, those that were left alone among them, the latest created first.</summary>
    public IReadOnlyList<IListedRun> AllOf(string tenant)
    {
        lock (_lock)
        {
            return
            [
                .. _runs.Values.Concat<IListedRun>(_damaged.Values)
                    .Where(run => run.Tenant == tenant)
                    .OrderByDescending(run => run.Created)
                    .ThenBy(run => run.Id.Value),
            ];
        }
    }

    /// <summary>How many runs were left alone.</summary>
    public int DamagedCount
    {
        get
        {
            lock (_lock)
            {
                return _damaged.Count;
            }
        }
    }

    /// <summary>All runs that are served.</summary>
    public IReadOnlyList<Run> Live
    {
        get
        {
            lock (_lock)
            {
                return [.. _runs.Values];
            }
        }
    }

    /// <summary>Takes up the runs in the data directory, if there is one. What cannot be taken up is left alone, and keeps nothing else from it.</summary>
    /// <exception cref="IOException">The data directory cannot be used.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (Services.Options.DataDirectory.Length > 0)
        {
            _store = new RunStore(Services.Options.DataDirectory, _loggers.CreateLogger<RunStore>());
            var found = _store.List().Select(id => Load(_store, id)).OfType<(RunOrigin Origin, RunRecorder Recorder)>();

            // Two have the same name if one was deleted while the disk failed, or comes from a copy of the directory: the later created keeps it.
            foreach (var (origin, recorder) in found.OrderByDescending(run => run.Origin.Created).ThenBy(run => run.Origin.Id.Value).ToList())
            {
                TakeUp(origin, recorder);
            }

            foreach (var entry in _store.ListOdd())
            {
                LeaveAlone(entry);
            }

            Conclude();
        }

        return Task.CompletedTask;
    }

    /// <summary>Does nothing: runs end when the server has drained.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Starts a run; when it returns, the run is on disk if it is durable.</summary>
    /// <param name="checkpoint">What it goes on from; valid.</param>
    /// <param name="plan">How it goes; valid.</param>
    /// <param name="owner">Who pays for it, and whose tenant is to see it.</param>
    /// <param name="forkedFrom">The state of another run that the checkpoint is of; null if it is of none.</param>
    /// <exception cref="CallRefusedException">
    /// There are too many runs, or no memory for it, or its owner's quotas do not allow it, its name is taken, its history would be too large, it could not be written, or the server stops.
    /// </exception>
    public Run Start(SimulationCheckpoint checkpoint, RunPlan plan, QuotaAccount owner, ForkPoint? forkedFrom = null)
    {
        var tenant = owner.TenantName;
        RequireRoom(checkpoint.Spec, plan, tenant);
        var origin = RunOrigin.Create(tenant, owner.OwnName, plan, forkedFrom, checkpoint, Services.Clock.GetUtcNow());
        var memory = RunMemory.Take(owner.Reopen(), checkpoint.Spec, plan, Services);
        IRunRecorder? recorder = null;
        try
        {
            recorder = Record(origin);
            lock (_lock)
            {
                RequireRoom(checkpoint.Spec, plan, tenant);
                return Add(origin, recorder, memory);
            }
        }
        catch
        {
            memory.Dispose();
            if (recorder is not null)
            {
                Discard(origin.Id, recorder);
            }

            throw;
        }
    }

    /// <summary>Refuses a run that could not be started now.</summary>
    /// <exception cref="CallRefusedException">
    /// There are too many runs, its name is taken, its history would be too large, or the server stops.
    /// </exception>
    public void RequireRoom(SimulationSpec spec, RunPlan plan, string tenant)
    {
        var options = Services.Options;
        var historyBytes = RunHistory.LeastBytes(spec, plan.HistorySteps);
        if (historyBytes > options.MaxHistoryBytesPerRun)
        {
            throw CallRefusedException.TooLarge(
                $"The history of a {spec.RowCount} x {spec.ColumnCount} run takes at least {historyBytes} bytes, but the server allows {options.MaxHistoryBytesPerRun}. Set history_steps to 0 to keep none.",
                historyBytes,
                options.MaxHistoryBytesPerRun);
        }

        lock (_lock)
        {
            if (_lifetime.Draining.IsCancellationRequested)
            {
                throw CallRefusedException.Stopping();
            }

            if (plan.Name is { } name && HasRunNamed(name, tenant))
            {
                throw CallRefusedException.RunNameTaken(name.Value);
            }

            if (_runs.Count >= options.MaxRuns)
            {
                throw CallRefusedException.OverLimit(
                    $"The most live runs that the server allows, {options.MaxRuns}, are there. Delete one.", TimeSpan.FromSeconds(1));
            }
        }
    }

    /// <summary>The run of an id, which counts as asked for.</summary>
    /// <exception cref="CallRefusedException">The tenant has none.</exception>
    public Run Find(string runId, string tenant)
    {
        lock (_lock)
        {
            if (RunId.TryParse(runId, out var id) && _runs.TryGetValue(id, out var run) && run.Tenant == tenant)
            {
                run.Touch();
                return run;
            }
        }

        throw FindDamaged(runId, tenant) is { } damaged ? CallRefusedException.RunDamaged(runId, damaged.Reason) : CallRefusedException.RunNotFound(runId);
    }

    /// <summary>The run of an id that was left alone; null if the tenant has none such.</summary>
    public DamagedRun? FindDamaged(string runId, string tenant)
    {
        lock (_lock)
        {
            return RunId.TryParse(runId, out var id) && _damaged.TryGetValue(id, out var run) && run.Tenant == tenant ? run : null;
        }
    }

    /// <summary>The runs that are served and kept on disk.</summary>
    public IReadOnlyList<RunId> DurableRuns => _store is null ? [] : [.. Live.Select(run => run.Id)];

    /// <summary>The data directory; null if there is none.</summary>
    public RunStore? Store => _store;

    /// <summary>Ends a run and forgets it.</summary>
    /// <exception cref="CallRefusedException">It was deleted before.</exception>
    public async Task<RunStatus> DeleteAsync(Run run, RunEndReason reason, CancellationToken cancellationToken)
    {
        RunStatus last;
        try
        {
            last = await run.DeleteAsync(reason, cancellationToken);
        }
        catch (Exception error) when (DurableFiles.IsWriteFailure(error))
        {
            // It is gone until the next server finds its files.
            Remove(run);
            LogNotDeleted(run.Id, error.Message);
            throw CallRefusedException.NotStored();
        }

        Remove(run);
        LogDeleted(run.Id, reason, last.Position.Step);
        return last;
    }

    /// <summary>Ends the tasks of all runs, so that none outlives the threads that it computes on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _idleTimer.DisposeAsync();
        _heartbeats.Dispose();
        _lifetime.EndDraining();
        foreach (var run in Live)
        {
            await run.DisposeAsync();
        }

        await _idleSweep;
        _replays.Dispose();
        _store?.Dispose();
    }

    private IRunRecorder Record(RunOrigin origin)
    {
        if (_store is null)
        {
            return NoRecorder.Instance;
        }

        try
        {
            return new RunRecorder(_store, _store.Create(origin.ToHeader(), origin.Checkpoint), Services.Clock, Services.Metrics);
        }
        catch (Exception error) when (DurableFiles.IsWriteFailure(error))
        {
            LogNotCreated(error.Message);
            throw CallRefusedException.NotStored();
        }
    }

    private void Discard(RunId id, IRunRecorder recorder)
    {
        using (recorder)
        {
            try
            {
                recorder.Delete();
            }
            catch (Exception error) when (DurableFiles.IsWriteFailure(error))
            {
                LogNotDeleted(id, error.Message);
            }
        }
    }

    private void Remove(Run run)
    {
        lock (_lock)
        {
            _runs.Remove(run.Id);
        }
    }

    private Run Add(RunOrigin origin, IRunRecorder recorder, RunMemory memory)
    {
        var run = new Run(origin, recorder, memory, Services, LogFault, _lifetime.Drained);
        _runs.Add(run.Id, run);
        LogStarted(run.Id, origin.Checkpoint.State.Step);
        return run;
    }

    private bool HasRunNamed(RunName name, string tenant) => _runs.Values.Any(run => run.Name == name && run.Tenant == tenant);

    [SuppressMessage("Design", "CA1031", Justification = "It is logged, and must not keep the other runs from being served.")]
    private void TakeUp(RunOrigin origin, RunRecorder recorder)
    {
        lock (_lock)
        {
            if (origin.Plan.Name is { } name && HasRunNamed(name, origin.Tenant))
            {
                LogNameTaken(origin.Id, name);
                origin = origin with { Plan = origin.Plan with { Name = null } };
            }

            try
            {
                Add(origin, recorder, RunMemory.TakeUp(_quotas, origin, Services));
                WarnOfLimits(origin);
            }
            catch (Exception error)
            {
                recorder.Dispose();
                LeaveAlone(origin.Id, error, origin.ToHeader());
            }
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "It is logged, and must not keep the other runs from being served.")]
    private (RunOrigin Origin, RunRecorder Recorder)? Load(RunStore store, RunId id)
    {
        StoredRun? files = null;
        try
        {
            files = store.Open(id);
            return (RunLoader.Load(files, LimitsOptions.Widest), new RunRecorder(store, files, Services.Clock, Services.Metrics));
        }
        catch (Exception error)
        {
            files?.Dispose();
            LeaveAlone(id, error, files?.Header);
            return null;
        }
    }

    /// <summary>Notes a run whose files stay as they are, for somebody to look at.</summary>
    private void LeaveAlone(RunId id, Exception error, RunHeader? header)
    {
        var (reason, isFault) = DamagedRun.ReasonOf(error, _store!);
        LeaveAlone(new DamagedRun(id, reason, header), isFault ? error : null);
    }

    private void LeaveAlone(OddEntry entry)
    {
        lock (_lock)
        {
            if (entry.MeantId is { } id && !_runs.ContainsKey(id) && !_damaged.ContainsKey(id))
            {
                LeaveAlone(new DamagedRun(id, $"{entry.Name} in the data directory is no run. {entry.Problem}", header: null), fault: null);
                return;
            }
        }

        _notes.Add($"runs/{entry.Name}", entry.Problem);
        if (_notes.Count <= MaxLoggedEntries)
        {
            LogOddEntry(entry.Name, entry.Problem);
        }
    }

    private void LeaveAlone(DamagedRun run, Exception? fault)
    {
        lock (_lock)
        {
            _damaged.Add(run.Id, run);
        }

        _notes.Add($"runs/{run.Id}", run.Reason);
        if (_notes.Count <= MaxLoggedEntries)
        {
            LogNotTakenUp(fault, run.Id, run.Reason);
        }
    }

    /// <summary>Says what the limits of now would not allow, since nobody would find out otherwise: a run that was accepted goes on.</summary>
    private void WarnOfLimits(RunOrigin origin)
    {
        foreach (var (setting, value, limit) in origin.Outgrown(_limits, Services.Options))
        {
            LogOverLimit(origin.Id, setting, value, limit);
        }
    }

    private void Conclude()
    {
        if (_notes.Count > MaxLoggedEntries)
        {
            LogMoreLeftAlone(_notes.Count - MaxLoggedEntries);
        }

        if (_runs.Count > Services.Options.MaxRuns)
        {
            LogTooManyRuns(_runs.Count, Services.Options.MaxRuns);
        }
    }

    private void SweepIdle()
    {
        if (_idleSweep.IsCompleted)
        {
            _idleSweep = DeleteIdleAsync();
        }
    }

    private async Task DeleteIdleAsync()
    {
        foreach (var run in Live.Where(run => run.IdleTime > Services.Options.IdleTimeout))
        {
            try
            {
                await DeleteAsync(run, RunEndReason.Idle, _lifetime.Drained);
            }
            catch (Exception error) when (error is CallRefusedException or OperationCanceledException or IOException)
            {
                // Somebody else has deleted it, the server ends, or the disk fails, which the next sweep may find better.
            }
        }
    }

    [LoggerMessage(EventId = 1310, EventName = "RunStarted", Level = LogLevel.Information, Message = "Live run {RunId} goes on from step {Step}")]
    [LogMeaning("A live run was created, or taken up when the server started.")]
    private partial void LogStarted(RunId runId, int step);

    [LoggerMessage(EventId = 1311, EventName = "RunFailed", Level = LogLevel.Error, Message = "Live run {RunId} failed")]
    [LogMeaning("A fault of the server ended a run; what it had written is on disk. Please report it, with the exception.")]
    private partial void LogFault(Exception error, RunId runId);

    [LoggerMessage(EventId = 1312, EventName = "RunLeftAlone", Level = LogLevel.Error, Message = "Live run {RunId} was left alone: {Reason}")]
    [LogMeaning("The files of a run cannot be used, and were not touched: `mfn run repair` says what can be done ([durability](durability.md)).")]
    private partial void LogNotTakenUp(Exception? fault, RunId runId, string reason);

    [LoggerMessage(EventId = 1313, EventName = "DataEntryLeftAlone", Level = LogLevel.Warning, Message = "runs/{Name} in the data directory was left alone: {Problem}")]
    [LogMeaning("Something in the data directory is not a run of this server. Move it away, if it should not be there.")]
    private partial void LogOddEntry(string name, string problem);

    [LoggerMessage(EventId = 1314, EventName = "MoreDataLeftAlone", Level = LogLevel.Warning, Message = "{Count} more entries of the data directory were left alone; ListRuns shows the runs among them")]
    [LogMeaning("There were more such entries than are told one by one.")]
    private partial void LogMoreLeftAlone(int count);

    [LoggerMessage(EventId = 1315, EventName = "TooManyRunsTakenUp", Level = LogLevel.Warning, Message = "{Count} live runs were taken up, more than the {MaxRuns} that Runs:MaxRuns allows: none can be added before enough are deleted")]
    [LogMeaning("`Runs:MaxRuns` is less than what is in the data directory.")]
    private partial void LogTooManyRuns(int count, int maxRuns);

    [LoggerMessage(EventId = 1316, EventName = "RunOverLimit", Level = LogLevel.Warning, Message = "Live run {RunId} goes on though it is over {Setting}: {Value} where {Limit} are allowed")]
    [LogMeaning("A limit was lowered below what a run that was there before takes: it keeps it.")]
    private partial void LogOverLimit(RunId runId, string setting, long value, long limit);

    [LoggerMessage(EventId = 1317, EventName = "RunNameLost", Level = LogLevel.Warning, Message = "Live run {RunId} goes on without its name '{Name}', which a later created run has")]
    [LogMeaning("Two runs on disk had the same name; the later created one has it.")]
    private partial void LogNameTaken(RunId runId, RunName name);

    [LoggerMessage(EventId = 1318, EventName = "RunNotCreated", Level = LogLevel.Error, Message = "A live run could not be created: {Reason}")]
    [LogMeaning("A run could not be written to disk, and its caller was told so. Look at the disk.")]
    private partial void LogNotCreated(string reason);

    [LoggerMessage(EventId = 1319, EventName = "RunNotDeleted", Level = LogLevel.Error, Message = "Live run {RunId} could not be deleted from disk: {Reason}")]
    [LogMeaning("The files of a deleted run are still there. Look at the disk; the next start deletes them.")]
    private partial void LogNotDeleted(RunId runId, string reason);

    [LoggerMessage(EventId = 1320, EventName = "RunDeleted", Level = LogLevel.Information, Message = "Live run {RunId} deleted ({Reason}) at step {Step}")]
    [LogMeaning("A run was deleted: by a call, or because nobody asked for it.")]
    private partial void LogDeleted(RunId runId, RunEndReason reason, int step);
}
