using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using Mfn.Contracts.Storage.V1;
using Mfn.Server.Configuration;
using Mfn.Server.Files;
using Mfn.Server.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mfn.Server.Runs;

/// <summary>
/// Looks at the runs of a data directory that no server uses, and lets those that a server leaves alone go on from their last good state: as another timeline, so
/// that no position and no token of before passes for one of now.
/// </summary>
public sealed class RunRepair : IDisposable
{
    /// <summary>The directory in the data directory that has the files of repaired runs as they were.</summary>
    public const string KeptName = "set-aside";

    private readonly RunStore _store;
    private readonly string _kept;
    private readonly RunId? _only;

    /// <summary>Takes possession of a data directory.</summary>
    /// <param name="directory">It, or the directory of one run in it.</param>
    /// <exception cref="ArgumentException">It is neither.</exception>
    /// <exception cref="IOException">A server uses it, or it cannot be read.</exception>
    public RunRepair(string directory)
    {
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        if (!Directory.Exists(Path.Combine(path, RunStore.RunsName)))
        {
            var runs = Path.GetDirectoryName(path);
            if (!Storage.RunId.TryParse(Path.GetFileName(path), out var id) || Path.GetFileName(runs) != RunStore.RunsName || !Directory.Exists(path))
            {
                throw new ArgumentException(
                    $"DIR must be a data directory, in which there is a folder '{RunStore.RunsName}', or a run's folder in that, but was '{directory}'.", nameof(directory));
            }

            (_only, path) = (id, Path.GetDirectoryName(runs)!);
        }

        _kept = Path.Combine(path, KeptName);
        _store = new RunStore(path, NullLogger<RunStore>.Instance);
    }

    /// <summary>The runs, by id.</summary>
    public IReadOnlyList<string> Runs =>
        [.. _store.List().Where(id => _only is null || id == _only).Select(id => id.ToString()).Order(StringComparer.Ordinal)];

    /// <summary>Tells what there is of a run; changes nothing.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public RepairReport Examine(string runId) => Examine(Parse(runId)).Report;

    /// <summary>
    /// Copies the run's files, then lets it go on from its last good state with another epoch and another token secret. Where its log was damaged it is paused, since
    /// what it had been told last may be lost. If that ends before it is done, it can be done again.
    /// </summary>
    /// <returns>What was wrong with it, and where the copy is.</returns>
    /// <exception cref="InvalidOperationException">It cannot be continued: there is an <see cref="RepairReport.Obstacle"/>.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public RepairReport Continue(string runId)
    {
        var id = Parse(runId);
        var (report, records, checkpoints) = Examine(id);
        if (report.Obstacle is { } obstacle)
        {
            throw new InvalidOperationException(obstacle);
        }

        var kept = Keep(id);
        var directory = _store.PathOf(id);
        foreach (var position in StoredRun.ListCheckpoints(directory).Except(checkpoints))
        {
            File.Delete(Path.Combine(directory, CheckpointFileName.Of(position)));
        }

        DurableFiles.FlushDirectory(directory);
        RunLog.Create(Path.Combine(directory, StoredRun.LogName), _store.MarkPathOf(id), records).Dispose();

        // As the next server will.
        using var run = _store.Open(id);
        _ = RunLoader.Load(run, LimitsOptions.Widest);
        return report with { KeptAt = kept };
    }

    /// <summary>Lets go of the data directory.</summary>
    public void Dispose() => _store.Dispose();

    private static RunId Parse(string runId) => Storage.RunId.TryParse(runId, out var id) ? id : throw new ArgumentException($"'{runId}' is no run's id.", nameof(runId));

    /// <summary>The report, and what the run goes on from: the records of its new log, and its checkpoints.</summary>
    private (RepairReport Report, IReadOnlyList<RunLogRecord> Records, IReadOnlyList<RunPosition> Checkpoints) Examine(RunId id)
    {
        var directory = _store.PathOf(id);
        var log = Path.Combine(directory, StoredRun.LogName);
        var salvaged = new SalvagedLog([], []);
        string? problem = null;
        try
        {
            RequireFile(log);
            salvaged = SalvagedLog.Read(log, _store.MarkPathOf(id));
            RunLog.Examine(log, _store.MarkPathOf(id));
        }
        catch (RunDamagedException error)
        {
            problem = error.Reason;
        }

        var readable = StoredRun.ListReadableCheckpoints(directory);
        var known = salvaged.Records.Select(PositionOf).OfType<RunPosition>().ToList();
        if (salvaged.Header is { HasInitialStep: false })
        {
            known.AddRange(readable.TakeLast(1));
        }

        var last = new RunPosition(
            known.Select(position => position.Step).DefaultIfEmpty(0).Max(), known.Select(position => position.Revision).DefaultIfEmpty(0).Max());
        var beyond = readable.FirstOrDefault(position => position.Step > last.Step || position.Revision > last.Revision);
        if (beyond != default)
        {
            problem ??= $"{CheckpointFileName.Of(beyond)} is a later state than the log tells of, which ends at step {last.Step}, revision {last.Revision}.";
        }

        if (readable.Count == 0)
        {
            problem ??= "No checkpoint can be read.";
        }

        var obstacle = salvaged.Header is not { } header || !header.RunId.Span.SequenceEqual(id.Value.ToByteArray(bigEndian: true))
            ? "The beginning of its log, which says what the run is, cannot be read. mfn run import takes a checkpoint of it."
            : readable.Count == 0 ? "No checkpoint of it can be read." : null;
        if (obstacle is not null)
        {
            return (new RepairReport(id.ToString(), problem, obstacle, null, null, 0, null), [], []);
        }

        var (records, checkpoints) = beyond == default ? (salvaged.Records, readable) : (UpTo(beyond, salvaged), [beyond]);
        var isKept = beyond == default && salvaged.Header!.HasInitialStep;
        var initial = isKept ? new RunPosition((int)salvaged.Header!.InitialStep, salvaged.Header.InitialRevision) : checkpoints[^1];
        var end = beyond == default ? last : beyond;
        var commandCount = records.Count(record => record.AppliedCommand is not null);
        var other = OtherTimeline(salvaged.Header!, initial);
        var isPaused = problem is not null && records.All(record => record.End is null);
        if (isPaused)
        {
            end = new RunPosition(Math.Max(checkpoints[0].Step, records.Max(record => (int?)record.AppliedCommand?.Step) ?? 0), end.Revision);
        }

        return (
            new RepairReport(id.ToString(), problem, null, end.Step, end.Revision, commandCount, null),
            [
                new RunLogRecord { Header = other },
                .. records.Skip(1).Where(record => record.CleanStop is null),
                .. isPaused ? [PauseAt(end, other.Epoch)] : Array.Empty<RunLogRecord>(),
            ],
            checkpoints);
    }

    /// <summary>A pause that nobody sent, so that its id must be no other's.</summary>
    private static RunLogRecord PauseAt(RunPosition position, ulong epoch) => new()
    {
        AppliedCommand = new AppliedCommand
        {
            Command = new Contracts.V1.RunCommand { CommandId = string.Create(CultureInfo.InvariantCulture, $"mfn-run-repair-{epoch:x16}"), Pause = new Contracts.V1.Pause() },
            Step = position.Step,
            Revision = position.Revision,
        },
    };

    /// <summary>The header, what is known of the commands before a state, and that the run is there.</summary>
    private static IReadOnlyList<RunLogRecord> UpTo(RunPosition state, SalvagedLog log) =>
    [
        log.Records[0],
        .. log.Records.Concat(log.Later)
            .Where(record => record.AppliedCommand is not null && PositionOf(record) <= state)
            .DistinctBy(record => record.AppliedCommand.Command.CommandId),
        new RunLogRecord { Horizon = new Horizon { Step = state.Step } },
    ];

    private static RunHeader OtherTimeline(RunHeader header, RunPosition initial)
    {
        var other = header.Clone();
        other.Epoch = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        other.TokenSecret = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(16));
        (other.InitialStep, other.InitialRevision) = (initial.Step, initial.Revision);
        return other;
    }

    private static RunPosition? PositionOf(RunLogRecord record) => record.RecordCase switch
    {
        RunLogRecord.RecordOneofCase.Header => new RunPosition((int)record.Header.InitialStep, record.Header.InitialRevision),
        RunLogRecord.RecordOneofCase.AppliedCommand => new RunPosition((int)record.AppliedCommand.Step, record.AppliedCommand.Revision),
        RunLogRecord.RecordOneofCase.Horizon => new RunPosition((int)record.Horizon.Step, 0),
        RunLogRecord.RecordOneofCase.End => new RunPosition((int)record.End.Step, 0),
        _ => null,
    };

    private static void RequireFile(string path)
    {
        if (DirectoryEntry.KindOf(path) is not EntryKind.File and var kind)
        {
            throw new RunDamagedException(path, $"is {DirectoryEntry.Tell(kind)}{(kind == EntryKind.Missing ? "" : " and no file")}");
        }
    }

    /// <summary>Copies a run's files and its mark; when it returns they are on disk.</summary>
    private string Keep(RunId id)
    {
        var number = 1;
        string target;
        while (Directory.Exists(target = Path.Combine(_kept, string.Create(CultureInfo.InvariantCulture, $"{id}-{number}"))))
        {
            number++;
        }

        DurableFiles.CreateDirectory(target);
        foreach (var path in Directory.GetFiles(_store.PathOf(id)))
        {
            Copy(path, Path.Combine(target, Path.GetFileName(path)));
        }

        if (DirectoryEntry.KindOf(_store.MarkPathOf(id)) == EntryKind.File)
        {
            Copy(_store.MarkPathOf(id), Path.Combine(target, RunStore.MarksName));
        }

        return target;
    }

    private static void Copy(string from, string to)
    {
        if (DirectoryEntry.KindOf(from) == EntryKind.File)
        {
            using var handle = File.OpenHandle(from);
            DurableFiles.Replace(to, stream => DurableFiles.Copy(handle, 0, stream));
        }
    }
}
