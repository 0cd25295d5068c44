using Mfn.Contracts.Storage.V1;
using Mfn.Core.Steering;
using Mfn.Server.Files;
using Mfn.Server.Logging;

namespace Mfn.Server.Storage;

/// <summary>A run's files, open. Its log and its checkpoints may be used by one thread each.</summary>
internal sealed partial class StoredRun : IDisposable
{
    /// <summary>The name of the log.</summary>
    public const string LogName = "log";

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

    /// <summary>For messages.</summary>
    public string LogPath => LogPathIn(_directory);

    /// <summary>The checkpoints on disk, the latest state first; the last one is the state that the run started from. They may be damaged.</summary>
    public IReadOnlyList<RunPosition> Checkpoints => ListCheckpoints(_directory);

    /// <inheritdoc cref="Checkpoints"/>
    public static IReadOnlyList<RunPosition> ListCheckpoints(string directory) =>
    [
        .. Directory.EnumerateFiles(directory)
            .Select(path => CheckpointFileName.TryParse(Path.GetFileName(path), out var position) ? position : (RunPosition?)null)
            .OfType<RunPosition>()
            .OrderDescending(),
    ];

    /// <summary>Those of the checkpoints that are what their names say, in the same order.</summary>
    public static IReadOnlyList<RunPosition> ListReadableCheckpoints(string directory)
    {
        return [.. ListCheckpoints(directory).Where(IsReadable)];

        bool IsReadable(RunPosition position)
        {
            try
            {
                _ = ReadCheckpoint(directory, position);
                return true;
            }
            catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException)
            {
                return false;
            }
        }
    }

    /// <summary>Writes a new run's files into a new directory, and the mark of its log.</summary>
    public static void Create(string directory, string markPath, RunHeader header, SimulationCheckpoint initialState)
    {
        DurableFiles.CreateDirectory(directory);
        WriteCheckpoint(directory, initialState);
        RunLog.Create(LogPathIn(directory), markPath, [new RunLogRecord { Header = header }]).Dispose();
    }

    /// <exception cref="RunDamagedException">The log is damaged, or another run's, or has not got all that was acknowledged.</exception>
    public static StoredRun Open(RunId id, string directory, string markPath, ILogger logger)
    {
        foreach (var leftover in Directory.EnumerateFiles(directory, "*" + DurableFiles.TemporarySuffix))
        {
            File.Delete(leftover);
        }

        var log = RunLog.Open(LogPathIn(directory), markPath);
        try
        {
            var run = new StoredRun(id, directory, log, CheckRecords(id, LogPathIn(directory), log), logger);
            if (log.Torn is { } torn)
            {
                run.LogTorn(id, torn.Length, torn.Path);
            }

            if (log.WasMigrated)
            {
                run.LogMigrated(id, Version1Log.FormatVersion, LogPreamble.FormatVersion, run.LogPath + RunLog.Version1Suffix);
            }

            return run;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>The file of a checkpoint.</summary>
    public string PathOf(RunPosition position) => Path.Combine(_directory, CheckpointFileName.Of(position));

    /// <summary>Reads one checkpoint.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or another one; the message says how.</exception>
    /// <exception cref="IOException">It is not there, or cannot be read.</exception>
    public SimulationCheckpoint ReadCheckpoint(RunPosition position) => ReadCheckpoint(_directory, position);

    /// <inheritdoc cref="ReadCheckpoint(RunPosition)"/>
    public static SimulationCheckpoint ReadCheckpoint(string directory, RunPosition position)
    {
        var path = Path.Combine(directory, CheckpointFileName.Of(position));
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
    /// <exception cref="RunDamagedException">None can be read; the message says why the last one tried cannot.</exception>
    public SimulationCheckpoint ReadLatestCheckpoint(RunPosition? atMost = null) =>
        ReadFirst(Checkpoints.Where(position => atMost is not { } last || position <= last));

    /// <summary>The state that the run started from, or the earliest one after it that can be read; those that cannot are logged and passed over.</summary>
    /// <exception cref="RunDamagedException">None can be read; the message says why the last one tried cannot.</exception>
    public SimulationCheckpoint ReadOldestCheckpoint() => ReadFirst(Checkpoints.Reverse());

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
                File.Delete(PathOf(position));
            }
            catch (Exception error) when (DurableFiles.IsWriteFailure(error))
            {
                // The next checkpoint brings another chance.
                LogNotDeleted(Id, CheckpointFileName.Of(position), error.Message);
            }
        }
    }

    public void Dispose() => Log.Dispose();

    private static string LogPathIn(string directory) => Path.Combine(directory, LogName);

    private static void WriteCheckpoint(string directory, SimulationCheckpoint checkpoint) =>
        DurableFiles.Replace(
            Path.Combine(directory, CheckpointFileName.Of(RunPosition.Of(checkpoint))), stream => CheckpointFile.Write(stream, checkpoint));

    private SimulationCheckpoint ReadFirst(IEnumerable<RunPosition> positions)
    {
        Exception? reason = null;
        foreach (var position in positions)
        {
            try
            {
                return ReadCheckpoint(position);
            }
            catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException)
            {
                LogDamaged(Id, CheckpointFileName.Of(position), error.Message);
                reason = error;
            }
        }

        throw new RunDamagedException(
            _directory, $"has no usable checkpoint. {reason?.Message.TrimEnd('.') ?? "There is none"}", innerException: reason);
    }

    private static RunHeader CheckRecords(RunId id, string path, RunLog log)
    {
        RunHeader? header = null;
        foreach (var record in log.ReadRecords())
        {
            if ((header is null) != (record.RecordCase == RunLogRecord.RecordOneofCase.Header))
            {
                throw new RunDamagedException(path, "must begin with the run's header, and have no other");
            }

            header ??= record.Header;
        }

        return header is not null && header.RunId.Span.SequenceEqual(id.Value.ToByteArray(bigEndian: true))
            ? header
            : throw new RunDamagedException(path, "is that of another run");
    }

    [LoggerMessage(EventId = 1336, EventName = "RunLogTorn", Level = LogLevel.Warning, Message = "The log of run {RunId} ended in {Length} bytes of an append that was not acknowledged; they are in {Path} now")]
    [LogMeaning("The server, or its machine, was ended in the midst of an append. What had been acknowledged is there.")]
    private partial void LogTorn(RunId runId, long length, string path);

    [LoggerMessage(EventId = 1337, EventName = "RunLogMigrated", Level = LogLevel.Information, Message = "The log of run {RunId} had format version {OldVersion} and has {NewVersion} now; {Path} is what it was")]
    [LogMeaning("A newer version has rewritten the log of a run; the file named is for who wants to go back.")]
    private partial void LogMigrated(RunId runId, int oldVersion, int newVersion, string path);

    [LoggerMessage(EventId = 1338, EventName = "CheckpointNotDeleted", Level = LogLevel.Warning, Message = "{Checkpoint} of run {RunId} is no longer needed, but could not be deleted: {Reason}")]
    [LogMeaning("It takes room and does no harm. Look at the rights of the data directory.")]
    private partial void LogNotDeleted(RunId runId, string checkpoint, string reason);

    [LoggerMessage(EventId = 1339, EventName = "CheckpointPassedOver", Level = LogLevel.Warning, Message = "{Checkpoint} of run {RunId} was passed over: {Reason}")]
    [LogMeaning("The run goes on from an earlier checkpoint, which takes longer. Find out about the disk.")]
    private partial void LogDamaged(RunId runId, string checkpoint, string reason);
}
