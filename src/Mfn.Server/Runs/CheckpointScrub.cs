using Mfn.Contracts.V1;
using Mfn.Server.Calls;
using Mfn.Server.Health;
using Mfn.Server.Logging;
using Mfn.Server.Storage;
using Mfn.Server.Translation;

namespace Mfn.Server.Runs;

/// <summary>
/// Reads all checkpoints of the data directory once after the start, and those of a run when asked to, so that a damaged one is found while others of its run are sound, and not when it is
/// needed. It does so slowly: the runs that go on need the disk more.
/// </summary>
internal sealed partial class CheckpointScrub(
    RunRegistry runs, IHostApplicationLifetime lifetime, HealthNotes notes, TimeProvider clock, ILogger<CheckpointScrub> logger) : BackgroundService
{
    /// <summary>How much is read a second, at most.</summary>
    public const long BytesPerSecond = 64L << 20;

    private const int MaxLogged = 100;

    private static readonly TimeSpan LeastWait = TimeSpan.FromMilliseconds(10);

    private readonly SemaphoreSlim _turn = new(1);
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when all have been read.</summary>
    public Task Done => _done.Task;

    /// <summary>Reads the checkpoints of the run that is asked for.</summary>
    /// <exception cref="CallRefusedException">There is none.</exception>
    public async Task<CheckRunResponse> AnswerAsync(CheckRunRequest request, string tenant, CancellationToken cancellationToken)
    {
        var run = (IListedRun?)runs.FindDamaged(request.RunId, tenant) ?? runs.Find(request.RunId, tenant);
        var check = await CheckAsync(run.Id, cancellationToken);
        return new CheckRunResponse
        {
            Run = run.ToWire(),
            CheckpointCount = check.Count,
            ByteCount = check.ByteCount,
            DamagedCheckpoints = { check.Damaged.Select(file => new DamagedCheckpoint { Name = file.Name, Problem = file.Problem }) },
        };
    }

    /// <summary>Reads the checkpoints of one run. One run is read at a time, whoever asks.</summary>
    private async Task<CheckpointFindings> CheckAsync(RunId runId, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var begun = clock.GetTimestamp();
            var byteCount = 0L;
            var checkpoints = runs.Store?.ListCheckpoints(runId) ?? [];
            var damaged = new List<(string Name, string Problem)>();
            foreach (var (position, path) in checkpoints)
            {
                if (await CheckpointCheck.FindProblemAsync(path, position, PaceAsync, cancellationToken) is { } problem)
                {
                    damaged.Add((Path.GetFileName(path), problem));
                }
            }

            return new CheckpointFindings(checkpoints.Count, byteCount, damaged);

            async Task PaceAsync(int count)
            {
                byteCount += count;
                var ahead = TimeSpan.FromSeconds((double)byteCount / BytesPerSecond) - clock.GetElapsedTime(begun);
                if (ahead > LeastWait)
                {
                    await Task.Delay(ahead, clock, cancellationToken);
                }
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _turn.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await ReadAllAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host takes it for a fault where the server could not start, and is disposed without having been stopped.
        }
    }

    private async Task ReadAllAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (lifetime.ApplicationStarted.Register(started.SetResult))
        {
            await started.Task.WaitAsync(stoppingToken);
        }

        var (count, byteCount, damagedCount) = (0, 0L, 0);
        foreach (var runId in runs.DurableRuns)
        {
            var check = await CheckAsync(runId, stoppingToken);
            count += check.Count;
            byteCount += check.ByteCount;
            foreach (var (name, problem) in check.Damaged)
            {
                damagedCount++;
                notes.Add($"{RunStore.RunsName}/{runId}/{name}", problem);
                if (damagedCount <= MaxLogged)
                {
                    LogDamaged(name, runId, problem);
                }
            }
        }

        if (count > 0)
        {
            LogDone(count, byteCount, damagedCount);
        }

        _done.SetResult();
    }

    [LoggerMessage(EventId = 1322, EventName = "CheckpointFoundDamaged", Level = LogLevel.Warning, Message = "{Checkpoint} of run {RunId} is damaged, and will be passed over where it would be needed: {Problem}")]
    [LogMeaning("The disk has changed a checkpoint. The run can do without it; find out about the disk.")]
    private partial void LogDamaged(string checkpoint, RunId runId, string problem);

    [LoggerMessage(EventId = 1323, EventName = "CheckpointsRead", Level = LogLevel.Information, Message = "Read {Count} checkpoints of {Bytes} bytes: {Damaged} are damaged")]
    [LogMeaning("All checkpoints on disk were read through.")]
    private partial void LogDone(int count, long bytes, int damaged);
}
