using Mfn.Contracts.Storage.V1;
using Mfn.Core.Steering;

namespace Mfn.Server.Storage;

/// <summary>A run's files, open. Its log and its checkpoints may be used by one thread each.</summary>
internal sealed partial class StoredRun : IDisposable
{
    private readonly string _directory;
    private readonly ILogger _logger;

    private StoredRun(RunId id, string directory, RunLog log, RunHeader header, ILogger logger)
    {
        Id = id;
        _directory = directory;
        Log = log;
        Header = header;
        _logger = logger;
    }

    public RunId Id { get; }

    /// <summary>What the run is: the log's first record.</summary>
    public RunHeader Header { get; }

    public RunLog Log { get; }

    /// <summary>The checkpoints on disk, the latest state first; the last one is the state that the run started from. They may be damaged.</summary>
    public IReadOnlyList<RunPosition> Checkpoints =>
    [
        .. Directory.EnumerateFiles(_directory)
            .Select(path => CheckpointFileName.TryParse(Path.GetFileName(path), out var position) ? position : (RunPosition?)null)
            .OfType<RunPosition>()
            .OrderDescending(),
    ];

    /// <summary>Writes a new run's files into a new directory.</summary>
    public static void Create(string directory, RunHeader header, SimulationCheckpoint initialState)
    {
        DurableFiles.CreateDirectory(directory);
        WriteCheckpoint(directory, initialState);
        RunLog.Create(LogPath(directory), [new RunLogRecord { Header = header }]).Dispose();
    }

    /// <exception cref="InvalidDataException">The log is damaged, or another run's; the message says how.</exception>
    public static StoredRun Open(RunId id, string directory, ILogger logger)
    {
        foreach (var leftover in Directory.EnumerateFiles(directory, "*" + DurableFiles.TemporarySuffix))
        {
            File.Delete(leftover);
        }

        var log = RunLog.Open(LogPath(directory));
        try
        {
            var run = new StoredRun(id, directory, log, CheckRecords(id, log), logger);
            if (log.CutLength > 0)
            {
                run.LogCut(id, log.CutLength);
            }

            return run;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Reads one checkpoint.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or another one; the message says how.</exception>
    /// <exception cref="IOException">It is not there, or cannot be read.</exception>
    public SimulationCheckpoint ReadCheckpoint(RunPosition position)
    {
        var path = Path.Combine(_directory, CheckpointFileName.Of(position));
        if (DirectoryEntry.KindOf(path) is (EntryKind.Special or EntryKind.Link) and var kind)
        {
            // To open a pipe would wait for ever, and a link may lead to one.
            throw new InvalidDataException($"It is {DirectoryEntry.Tell(kind)} and no file.");
        }

        using var stream = new FileStream(
            path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        var checkpoint = CheckpointFile.Read(stream);
        return RunPosition.Of(checkpoint) == position
            ? checkpoint
            : throw new InvalidDataException($"The checkpoint is that of step {checkpoint.State.Step}, revision {checkpoint.Revision}.");
    }

    /// <summary>The latest checkpoint that can be read, not after the given position; those that cannot are logged and passed over.</summary>
    /// <exception cref="InvalidDataException">None can be read; the message says why the last one tried cannot.</exception>
    public SimulationCheckpoint ReadLatestCheckpoint(RunPosition? atMost = null)
    {
        Exception? reason = null;
        foreach (var position in Checkpoints.Where(position => atMost is not { } last || position <= last))
        {
            try
            {
                return ReadCheckpoint(position);
            }
            catch (Exception error) when (error is InvalidDataException or IOException)
            {
                LogDamaged(Id, CheckpointFileName.Of(position), error.Message);
                reason = error;
            }
        }

        throw new InvalidDataException($"Run {Id} has no usable checkpoint. {reason?.Message ?? "There is none."}", reason);
    }

    /// <summary>Writes a checkpoint; when it returns it is on disk. When it throws, the others are as they were.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void WriteCheckpoint(SimulationCheckpoint checkpoint) => WriteCheckpoint(_directory, checkpoint);

    /// <summary>Deletes all checkpoints but the state that the run started from and those to keep.</summary>
    public void DeleteCheckpointsExcept(IReadOnlyCollection<RunPosition> kept)
    {
        foreach (var position in Checkpoints.SkipLast(1).Where(position => !kept.Contains(position)))
        {
            try
            {
                File.Delete(Path.Combine(_directory, CheckpointFileName.Of(position)));
            }
            catch (Exception error) when (DurableFiles.IsWriteFailure(error))
            {
                // The next checkpoint brings another chance.
                LogNotDeleted(Id, CheckpointFileName.Of(position), error.Message);
            }
        }
    }

    public void Dispose() => Log.Dispose();

    private static string LogPath(string directory) => Path.Combine(directory, "log");

    private static void WriteCheckpoint(string directory, SimulationCheckpoint checkpoint) =>
        DurableFiles.Replace(
            Path.Combine(directory, CheckpointFileName.Of(RunPosition.Of(checkpoint))), stream => CheckpointFile.Write(stream, checkpoint));

    private static RunHeader CheckRecords(RunId id, RunLog log)
    {
        RunHeader? header = null;
        foreach (var record in log.ReadRecords())
        {
            if ((header is null) != (record.RecordCase == RunLogRecord.RecordOneofCase.Header))
            {
                throw new InvalidDataException($"The log of run {id} must begin with its header, and have no other.");
            }

            header ??= record.Header;
        }

        return header is not null && header.RunId.Span.SequenceEqual(id.Value.ToByteArray(bigEndian: true))
            ? header
            : throw new InvalidDataException($"The log of run {id} is that of another run.");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The log of run {RunId} ended in {Length} bytes of an incomplete append, which were cut off")]
    private partial void LogCut(RunId runId, long length);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Checkpoint} of run {RunId} is no longer needed, but could not be deleted: {Reason}")]
    private partial void LogNotDeleted(RunId runId, string checkpoint, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Checkpoint} of run {RunId} was passed over: {Reason}")]
    private partial void LogDamaged(RunId runId, string checkpoint, string reason);
}
