using Google.Protobuf;
using Mfn.Contracts.Storage.V1;
using Mfn.Server.Files;
using Microsoft.Win32.SafeHandles;

namespace Mfn.Server.Storage;

/// <summary>
/// The facts about a run, in a file that grows: a <see cref="LogPreamble"/>, then for each append an <see cref="AppendHeader"/> and the payload
/// (mfn.storage.v1.RunLogAppend). What was appended is on disk, and a <see cref="LogMarkFile"/> says which append is the last that was acknowledged, so
/// that the log is known to be damaged if it has not got that. A horizon counts only until the next one: when those that count no more make up most of a
/// large log, it is written anew without them. One thread may append while others read.
/// </summary>
internal sealed class RunLog : IDisposable
{
    /// <summary>The most bytes of one append: room for a replaced field of the largest grid that a server can be told to allow.</summary>
    public const int MaxAppendLength = 256 * 1024 * 1024;

    /// <summary>A log up to this length is not worth writing anew.</summary>
    public const int MinCompactionLength = 1024 * 1024;

    /// <summary>What the name of a log's copy in format version 1 ends with, which stays when the log is written anew in the present one.</summary>
    public const string Version1Suffix = ".version-1";

    private readonly string _path;
    private readonly LogIdentity _identity;
    private readonly LogMarkFile _mark;

    private SafeFileHandle _handle;
    private AppendHeader _last;
    private uint _chain;
    private long _length;
    private long _passingLength;
    private long _compactAbove = MinCompactionLength;
    private string? _failure;

    private RunLog(string path, SafeFileHandle handle, LogIdentity identity, LogMarkFile mark)
    {
        _path = path;
        _handle = handle;
        _identity = identity;
        _mark = mark;
    }

    /// <summary>Bytes on disk.</summary>
    public long Length => Volatile.Read(ref _length);

    /// <summary>The incomplete append that a crash had left at its end, set aside when the log was opened; null if there was none.</summary>
    public TornAppend? Torn { get; private set; }

    /// <summary>Whether it was of format version 1 when it was opened.</summary>
    public bool WasMigrated { get; private set; }

    /// <summary>A new log that begins with the given records, on disk, and its mark.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public static RunLog Create(string path, string markPath, IReadOnlyList<RunLogRecord> records)
    {
        var identity = LogIdentity.Create();
        AppendHeader last = default;
        DurableFiles.Replace(path, stream => last = Write(stream, identity, [(1, records)]));
        LogMarkFile.Create(markPath, LogMark.Of(LogMarkState.Open, identity, last));
        return Open(path, markPath);
    }

    /// <summary>
    /// Opens a log and checks all of it. An incomplete append at its end that was not acknowledged is set aside. What is then in it is on disk, even if the
    /// process that wrote it had no time to see to that. A log of format version 1 is written anew, and stays under another name.
    /// </summary>
    /// <exception cref="RunDamagedException">It is not a log, or damaged, or has not got all that was acknowledged. Nothing has changed on disk.</exception>
    /// <exception cref="IOException">It cannot be opened, or is open already.</exception>
    public static RunLog Open(string path, string markPath)
    {
        var handle = OpenFile(path);
        LogMarkFile? mark = null;
        try
        {
            var identity = LogPreamble.Read(path, handle);
            var wasMigrated = identity is null;
            if (wasMigrated)
            {
                Migrate(path, handle, markPath);
                handle.Dispose();
                handle = OpenFile(path);
                identity = LogPreamble.Read(path, handle);
            }

            mark = LogMarkFile.Open(markPath);
            var log = new RunLog(path, handle, identity!.Value, mark) { WasMigrated = wasMigrated };
            log.Check();
            return log;
        }
        catch
        {
            handle.Dispose();
            mark?.Dispose();
            throw;
        }
    }

    /// <summary>Checks all of a log as when it is opened, but changes nothing.</summary>
    /// <exception cref="RunDamagedException">It could not be opened.</exception>
    /// <exception cref="IOException">It cannot be read, or is open.</exception>
    public static void Examine(string path, string markPath)
    {
        using var handle = OpenFile(path);
        if (LogPreamble.Read(path, handle) is not { } identity)
        {
            Version1Log.Read(path, handle);
            return;
        }

        using var mark = LogMarkFile.Open(markPath);
        using var log = new RunLog(path, handle, identity, mark);
        _ = log.FindTorn();
    }

    /// <summary>
    /// Appends records, all or none. When it returns they are on disk and marked as acknowledged. When it throws they are not in the log: it was cut back, and
    /// takes further appends if the disk has room again. If that could not be done, or the flush failed (after which the system may have dropped what
    /// it could not write, and a second flush would lie), it takes none before it is opened anew.
    /// </summary>
    /// <exception cref="ArgumentException">There are no records, or they are longer than <see cref="MaxAppendLength"/> together.</exception>
    /// <exception cref="IOException">They could not be written.</exception>
    public void Append(IReadOnlyList<RunLogRecord> records)
    {
        Write(records);
        try
        {
            // After the flush, so that the mark is never ahead of the log; before anybody is told, so that it is not behind when the process is killed.
            _mark.Write(LogMark.Of(LogMarkState.Open, _identity, _last));
        }
        catch (Exception error) when (DurableFiles.IsWriteFailure(error))
        {
            throw CannotBeMarked(error);
        }
    }

    /// <summary>Says that nothing follows before the log is opened anew. It takes no further appends.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void Close(CleanStop stop)
    {
        Write([new RunLogRecord { CleanStop = stop }]);
        try
        {
            _mark.Write(LogMark.Of(LogMarkState.Closed, _identity, _last));
            _mark.Flush();
            _failure = "it was closed.";
        }
        catch (Exception error) when (DurableFiles.IsWriteFailure(error))
        {
            throw CannotBeMarked(error);
        }
    }

    /// <summary>Sees to it that the mark survives a power cut, as the log does.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void FlushMark() => _mark.Flush();

    /// <summary>The records from the first on, read from disk as they are asked for; up to what is there when the reading begins.</summary>
    /// <exception cref="RunDamagedException">The file was damaged after it was opened.</exception>
    public IEnumerable<RunLogRecord> ReadRecords() => ReadAppends().SelectMany(append => append.Records);

    public void Dispose()
    {
        _handle.Dispose();
        _mark.Dispose();
    }

    /// <summary>Writes a log as a whole; returns the header of its last append.</summary>
    internal static AppendHeader Write(Stream stream, LogIdentity identity, IEnumerable<(long Sequence, IReadOnlyList<RunLogRecord> Records)> appends)
    {
        stream.Write(LogPreamble.Encode(identity));
        AppendHeader last = default;
        var chain = 0u;
        foreach (var (sequence, records) in appends)
        {
            (var bytes, last, chain) = Encode(identity, sequence, chain, records);
            stream.Write(bytes);
        }

        return last;
    }

    internal static SafeFileHandle OpenFile(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RunDamagedException(path, "is missing", innerException: error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new RunDamagedException(path, $"cannot be opened: {error.Message.TrimEnd('.')}", innerException: error);
        }
    }

    private static (byte[] Bytes, AppendHeader Header, uint Checksum) Encode(
        LogIdentity identity, long sequence, uint previous, IReadOnlyList<RunLogRecord> records)
    {
        var payload = new RunLogAppend { Records = { records } };
        var payloadLength = payload.CalculateSize();
        if (payloadLength is 0 or > MaxAppendLength)
        {
            throw new ArgumentException($"Records of 1 to {MaxAppendLength} bytes can be appended at once, but these have {payloadLength}.", nameof(records));
        }

        var bytes = new byte[AppendHeader.Length + payloadLength];
        payload.WriteTo(bytes.AsSpan(AppendHeader.Length));
        var header = new AppendHeader(sequence, payloadLength, Crc32C.Compute(bytes.AsSpan(AppendHeader.Length)), previous);
        return (bytes, header, header.Write(bytes, identity.Marker));
    }

    /// <summary>Replaces a log of format version 1. A crash before that is done leaves a mark with which it can be done again.</summary>
    private static void Migrate(string path, SafeFileHandle handle, string markPath)
    {
        var appends = Version1Log.Read(path, handle);
        if (File.Exists(markPath))
        {
            using var present = LogMarkFile.Open(markPath);
            if (present.Mark.State != LogMarkState.Migrating || present.Mark.Sequence != appends.Count)
            {
                throw new RunDamagedException(path, "is of format version 1, but the run has had a log of a later one");
            }
        }

        var identity = LogIdentity.Create();
        AppendHeader last = default;
        DurableFiles.Prepare(path, stream => last = Write(stream, identity, appends.Select((records, i) => (i + 1L, records))));
        DurableFiles.Replace(path + Version1Suffix, stream => DurableFiles.Copy(handle, 0, stream));
        LogMarkFile.Create(markPath, LogMark.Of(LogMarkState.Migrating, identity, last));
        DurableFiles.ReplaceByPrepared(path);
    }

    private IEnumerable<LogAppend> ReadAppends()
    {
        var reader = new LogReader(_path, _handle, _identity, Length);
        while (reader.TryRead(out var append))
        {
            yield return append;
        }

        if (reader.Problem is { } problem)
        {
            throw new RunDamagedException(_path, problem, reader.Position);
        }
    }

    /// <summary>Appends records and flushes them.</summary>
    private void Write(IReadOnlyList<RunLogRecord> records)
    {
        if (_failure is not null)
        {
            throw new IOException($"{_path} takes no records since an earlier failure: {_failure}");
        }

        // Before the append, so that it is not in the log if this fails.
        if (_length > _compactAbove && _passingLength > _length / 2)
        {
            Compact();
        }

        var (bytes, header, checksum) = Encode(_identity, _last.Sequence + 1, _chain, records);
        try
        {
            RandomAccess.Write(_handle, bytes, _length);
        }
        catch (Exception error) when (DurableFiles.IsWriteFailure(error))
        {
            CutBack();
            throw new IOException($"{_path} could not be written: {error.Message}", error);
        }

        try
        {
            DurableFiles.Flush(_handle);
        }
        catch (Exception error) when (DurableFiles.IsWriteFailure(error))
        {
            CutBack();
            _failure = error.Message;
            throw new IOException($"{_path} could not be flushed to disk: {error.Message}", error);
        }

        (_last, _chain) = (header, checksum);
        Count(new LogAppend(header, records));
        Volatile.Write(ref _length, _length + bytes.Length);
    }

    /// <summary>Nobody may be told of an append that the mark does not tell of.</summary>
    private IOException CannotBeMarked(Exception error)
    {
        _failure = error.Message;
        return new IOException($"The mark of {_path} could not be written: {error.Message}", error);
    }

    /// <summary>Writes the log anew with the last horizon alone. If there is no room for that, the log stays as it is.</summary>
    private void Compact()
    {
        _compactAbove = 2 * _length;
        var horizonCount = ReadRecords().Count(record => record.RecordCase == RunLogRecord.RecordOneofCase.Horizon);
        try
        {
            DurableFiles.Prepare(_path, stream => Write(stream, _identity, WithoutPassed(horizonCount)));
        }
        catch (IOException)
        {
            // Superseded horizons do no harm.
            return;
        }

        try
        {
            DurableFiles.ReplaceByPrepared(_path);
            var compacted = OpenFile(_path);
            _handle.Dispose();
            _handle = compacted;
            ReadThrough(new LogReader(_path, _handle, _identity, RandomAccess.GetLength(_handle)));
            _compactAbove = MinCompactionLength;
        }
        catch (Exception error) when (DurableFiles.IsWriteFailure(error) || error is RunDamagedException)
        {
            // Maybe the open file is no longer the one that the next process will find.
            _failure = error.Message;
            throw new IOException($"{_path} could not be replaced by a shorter one: {error.Message}", error);
        }
    }

    /// <summary>What still counts, under the numbers that it has. The last append stays as it is, for the mark names it.</summary>
    private IEnumerable<(long Sequence, IReadOnlyList<RunLogRecord> Records)> WithoutPassed(int horizonCount)
    {
        foreach (var append in ReadAppends())
        {
            IReadOnlyList<RunLogRecord> kept = append.Header.Sequence == _last.Sequence ? append.Records :
            [
                .. append.Records.Where(record => record.RecordCase switch
                {
                    RunLogRecord.RecordOneofCase.Horizon => --horizonCount == 0,
                    RunLogRecord.RecordOneofCase.CleanStop => false,
                    _ => true,
                }),
            ];
            if (kept.Count > 0)
            {
                yield return (append.Header.Sequence, kept);
            }
        }
    }

    private void Count(LogAppend append) => _passingLength += append.IsPassing ? append.Length : 0;

    private void CutBack()
    {
        try
        {
            RandomAccess.SetLength(_handle, _length);
            DurableFiles.Flush(_handle);
        }
        catch (Exception error) when (DurableFiles.IsWriteFailure(error))
        {
            _failure = error.Message;
        }
    }

    /// <summary>Takes note of every append; tells the checksum and the length of the one with the mark's number, if it is there.</summary>
    private AppendHeader? ReadThrough(LogReader reader)
    {
        AppendHeader? marked = null;
        _passingLength = 0;
        while (reader.TryRead(out var append))
        {
            Count(append);
            marked = append.Header.Sequence == _mark.Mark.Sequence ? append.Header : marked;
        }

        (_last, _chain) = (reader.Last ?? default, reader.Chain);
        Volatile.Write(ref _length, reader.Position);
        return marked;
    }

    /// <summary>Checks the log, and sets aside what is behind its last append.</summary>
    private void Check()
    {
        if (FindTorn() is var tornLength and > 0)
        {
            Torn = TornAppend.SetAside(_path, _handle, _length, tornLength);
            RandomAccess.SetLength(_handle, _length);
        }

        DurableFiles.Flush(_handle);
        _mark.Write(LogMark.Of(LogMarkState.Open, _identity, _last));
        _mark.Flush();
    }

    /// <summary>
    /// Makes sure that the log has what was acknowledged, and that what is behind that can only be an append that was not; returns how many bytes that has.
    /// </summary>
    private long FindTorn()
    {
        var mark = _mark.Mark;
        if (mark.Log != _identity)
        {
            throw new RunDamagedException(_path, "is another log than the one whose appends were acknowledged");
        }

        var fileLength = RandomAccess.GetLength(_handle);
        var reader = new LogReader(_path, _handle, _identity, fileLength);
        var marked = ReadThrough(reader);
        if (_last.Sequence < mark.Sequence)
        {
            var problem = reader.Problem ?? "it ends";
            var next = reader.Problem is null ? null : reader.FindHeader(_length + 1);
            var more = next is { } at ? $", and more was appended after it, at byte {at}" : "";
            throw new RunDamagedException(_path, $"{problem}{more}; up to append {mark.Sequence} all were acknowledged, but it has only those up to {_last.Sequence}", _length);
        }

        if (marked is { } header && !mark.Names(header))
        {
            throw new RunDamagedException(_path, $"has another append {mark.Sequence} than was acknowledged");
        }

        if (mark.State != LogMarkState.Open && (fileLength > _length || _last.Sequence > mark.Sequence))
        {
            throw new RunDamagedException(_path, $"was closed in order after append {mark.Sequence}, but goes on", _length);
        }

        if (fileLength > _length)
        {
            RequireTorn(reader, fileLength - _length);
        }

        return fileLength - _length;
    }

    /// <summary>Makes sure that what cannot be read at the end may be one append, as far as it was written.</summary>
    private void RequireTorn(LogReader reader, long length)
    {
        // Behind the header of the append itself, if there is one.
        if (reader.FindHeader(reader.Incomplete is null ? _length : _length + 1) is { } next)
        {
            throw new RunDamagedException(_path, $"{reader.Problem}, and more was appended after it, at byte {next}", _length);
        }

        if (length > AppendHeader.Length + (reader.Incomplete?.PayloadLength ?? MaxAppendLength))
        {
            throw new RunDamagedException(_path, $"{reader.Problem}, and {length} bytes follow, which is more than one append", _length);
        }
    }
}
