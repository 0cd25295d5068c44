using Mfn.Contracts.Storage.V1;
using Mfn.Core.Steering;
using Mfn.Server.Files;
using Mfn.Server.Logging;
using Mfn.Server.Observability;

namespace Mfn.Server.Storage;

/// <summary>
/// The runs in a data directory, of which it is the only user beside <see cref="CalibrationFile"/>: runs/ID/log, runs/ID/checkpoint-STEP-REVISION, and acknowledged/ID, the mark of the log. A run
/// is there as a whole or not at all, whenever the process ends. Thread-safe as long as one run is used by one thread.
/// </summary>
internal sealed partial class RunStore : IDisposable
{
    /// <summary>The directory of the runs' directories.</summary>
    public const string RunsName = "runs";

    /// <summary>The directory of the logs' marks.</summary>
    public const string MarksName = "acknowledged";

    private const string DeletedSuffix = ".deleted";
    private const string ProbeName = "probe";

    private readonly string _runs;
    private readonly string _marks;
    private readonly FileStream _lock;
    private readonly ILogger<RunStore> _logger;

    /// <summary>Takes possession of a data directory, which is created if need be, and deletes what a crash has left half done.</summary>
    /// <exception cref="IOException">Another server uses it, or it cannot be written.</exception>
    public RunStore(string directory, ILogger<RunStore> logger)
    {
        directory = Path.GetFullPath(directory);
        _runs = Path.Combine(directory, RunsName);
        _marks = Path.Combine(directory, MarksName);
        _logger = logger;
        Create(directory);
        _lock = Lock(directory);
        try
        {
            DurableFiles.CreateDirectory(_runs);
            DurableFiles.CreateDirectory(_marks);
            foreach (var leftover in Directory.EnumerateDirectories(_runs).Where(IsLeftover))
            {
                DeleteMarkOf(Path.GetFileNameWithoutExtension(leftover));
                DeleteLeftover(leftover);
            }

            foreach (var leftover in Directory.EnumerateFiles(_marks).Where(IsLeftover))
            {
                DeleteIfPossible(leftover);
            }

            // What the process before saw as renamed may not be on disk yet, but is relied upon from here on.
            DurableFiles.FlushDirectory(_runs);
        }
        catch
        {
            _lock.Dispose();
            throw;
        }
    }

    /// <summary>What its disk has room for; null while nobody can say.</summary>
    public long? FreeBytes
    {
        get
        {
            try
            {
                return new DriveInfo(_runs).AvailableFreeSpace;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }

    /// <summary>Why nothing can be written to the directory now; null if it can. What is written for that is deleted, by the next start at the latest.</summary>
    public string? FindWriteProblem()
    {
        var path = Path.Combine(_marks, ProbeName);
        try
        {
            DurableFiles.Prepare(path, stream => stream.WriteByte(0));
            DurableFiles.DeletePrepared(path);
            return null;
        }
        catch (Exception error) when (DurableFiles.IsWriteFailure(error))
        {
            return (error.InnerException ?? error).Message;
        }
    }

    /// <summary>Creates the run that the header names; when it returns it is on disk.</summary>
    /// <exception cref="IOException">It could not be written; nothing is left of it.</exception>
    public StoredRun Create(RunHeader header, SimulationCheckpoint initialState)
    {
        var id = new RunId(new Guid(header.RunId.Span, bigEndian: true));
        if (Directory.Exists(PathOf(id)))
        {
            throw new IOException($"{PathOf(id)} exists already.");
        }

        var path = PathOf(id) + DurableFiles.TemporarySuffix;
        try
        {
            using var span = Spans.Start(Spans.Flush);
            StoredRun.Create(path, MarkPathOf(id), header, initialState);
            Directory.Move(path, PathOf(id));
            path = PathOf(id);
            DurableFiles.FlushDirectory(_runs);
            return Open(id);
        }
        catch
        {
            DeleteDirectory(path);
            DeleteMarkOf(id.ToString());
            throw;
        }
    }

    /// <summary>Opens a run that is not open.</summary>
    /// <exception cref="RunDamagedException">Its files are missing or damaged, or contradict each other; the message says how.</exception>
    /// <exception cref="IOException">There is none of that id, or it is open already, or it cannot be read.</exception>
    public StoredRun Open(RunId id)
    {
        if (Directory.Exists(PathOf(id)))
        {
            RequireFile(Path.Combine(PathOf(id), StoredRun.LogName));
            if (DirectoryEntry.KindOf(MarkPathOf(id)) != EntryKind.Missing)
            {
                RequireFile(MarkPathOf(id));
            }
        }

        return StoredRun.Open(id, PathOf(id), MarkPathOf(id), _logger);
    }

    /// <summary>Deletes a run that is not open; when it returns, the run is gone for good. One that is not there is no error.</summary>
    public void Delete(RunId id)
    {
        var path = PathOf(id);
        if (!Directory.Exists(path))
        {
            return;
        }

        Directory.Move(path, path + DeletedSuffix);
        DurableFiles.FlushDirectory(_runs);
        DeleteMarkOf(id.ToString());
        DeleteDirectory(path + DeletedSuffix);
    }

    public void Dispose() => _lock.Dispose();

    private static void Create(string directory)
    {
        try
        {
            DurableFiles.CreateDirectory(directory);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"Runs:DataDirectory {directory} cannot be created: {error.Message}", error);
        }
    }

    private static FileStream Lock(string directory)
    {
        var path = Path.Combine(directory, "lock");
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error)
        {
            throw new IOException($"Runs:DataDirectory {directory} cannot be used, maybe because another server does: {error.Message}", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException($"Runs:DataDirectory {directory} cannot be used: {error.Message}", error);
        }
    }

    private void DeleteLeftover(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
            LogLeftover(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It is in nobody's way.
            LogNotDeleted(path, error.Message);
        }
    }

    private static bool IsLeftover(string path) =>
        Path.GetExtension(path) is DurableFiles.TemporarySuffix or DeletedSuffix && RunId.TryParse(Path.GetFileNameWithoutExtension(path), out _);

    /// <summary>The directory of a run.</summary>
    public string PathOf(RunId id) => Path.Combine(_runs, id.ToString());

    /// <summary>The mark of a run's log.</summary>
    public string MarkPathOf(RunId id) => Path.Combine(_marks, id.ToString());

    /// <summary>Deletes the mark of a run that is not there (any more).</summary>
    private void DeleteMarkOf(string name)
    {
        if (!Directory.Exists(Path.Combine(_runs, name)))
        {
            DeleteIfPossible(Path.Combine(_marks, name));
        }
    }

    private void DeleteIfPossible(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogNotDeleted(file, error.Message);
        }
    }

    /// <summary>Frees the space of what no longer counts; if that fails, the next start tries again.</summary>
    private void DeleteDirectory(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Nothing was made.
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogNotDeleted(path, error.Message);
        }
    }

    [LoggerMessage(EventId = 1330, EventName = "LeftoverDeleted", Level = LogLevel.Information, Message = "Deleted {Path}, which an earlier process left half done")]
    [LogMeaning("An earlier process was ended in the midst of writing; nothing is lost that was acknowledged.")]
    private partial void LogLeftover(string path);

    [LoggerMessage(EventId = 1331, EventName = "LeftoverNotDeleted", Level = LogLevel.Warning, Message = "{Path} could not be deleted and will be at the next start: {Reason}")]
    [LogMeaning("Look at the rights of the data directory.")]
    private partial void LogNotDeleted(string path, string reason);
}
