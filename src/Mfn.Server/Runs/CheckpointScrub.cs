using Mfn.Server.Health;
using Mfn.Server.Storage;

namespace Mfn.Server.Runs;

/// <summary>
/// Reads all checkpoints of the data directory once after the start, so that a damaged one is found while others of its run are sound, and not when it is
/// needed. It does so slowly: the runs that go on need the disk more.
/// </summary>
internal sealed partial class CheckpointScrub(
    RunRegistry runs, IHostApplicationLifetime lifetime, HealthNotes notes, TimeProvider clock, ILogger<CheckpointScrub> logger) : BackgroundService
{
    /// <summary>How much is read a second, at most.</summary>
    public const long BytesPerSecond = 64L << 20;

    private const int MaxLogged = 100;

    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when all have been read.</summary>
    public Task Done => _done.Task;

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

        var begun = clock.GetTimestamp();
        var (fileCount, byteCount, damagedCount) = (0, 0L, 0);
        foreach (var (runId, position, path) in runs.StoredCheckpoints())
        {
            if (await CheckpointCheck.FindProblemAsync(path, position, PaceAsync, stoppingToken) is { } problem)
            {
                damagedCount++;
                notes.Add($"{RunStore.RunsName}/{runId}/{Path.GetFileName(path)}", problem);
                if (damagedCount <= MaxLogged)
                {
                    LogDamaged(Path.GetFileName(path), runId, problem);
                }
            }

            fileCount++;
        }

        if (fileCount > 0)
        {
            LogDone(fileCount, byteCount, damagedCount);
        }

        _done.SetResult();

        async Task PaceAsync(int count)
        {
            byteCount += count;
            var ahead = TimeSpan.FromSeconds((double)byteCount / BytesPerSecond) - clock.GetElapsedTime(begun);
            if (ahead > TimeSpan.FromMilliseconds(10))
            {
                await Task.Delay(ahead, clock, stoppingToken);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Checkpoint} of run {RunId} is damaged, and will be passed over where it would be needed: {Problem}")]
    private partial void LogDamaged(string checkpoint, RunId runId, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "Read {Count} checkpoints of {Bytes} bytes: {Damaged} are damaged")]
    private partial void LogDone(int count, long bytes, int damaged);
}
