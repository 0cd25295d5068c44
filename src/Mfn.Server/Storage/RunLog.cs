using System.Buffers.Binary;
using System.Security.Cryptography;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Mfn.Contracts.Storage.V1;
using Microsoft.Win32.SafeHandles;

namespace Mfn.Server.Storage;

/// <summary>
/// The facts about a run, in a file that grows: <see cref="Magic"/>, format version and salt as 32-bit integers, then for each append a
/// <see cref="FrameHeader"/> and the payload (mfn.storage.v1.RunLogAppend). What was appended is on disk. A horizon counts only until the next one: when
/// those that count no more make up most of a large log, it is written anew without them. One thread may append while others read.
/// </summary>
internal sealed class RunLog : IDisposable
{
    /// <summary>The most bytes of one append: room for a replaced field of the largest grid that a server can be told to allow.</summary>
    public const int MaxAppendLength = 256 * 1024 * 1024;

    public const int FormatVersion = 1;

    public const int PreambleLength = 16;

    /// <summary>A log up to this length is not worth writing anew.</summary>
    public const int MinCompactionLength = 1024 * 1024;

    private const int ScanLength = 64 * 1024;

    private readonly string _path;

    private SafeFileHandle _handle;
    private uint _salt;
    private long _length;
    private long _horizonLength;
    private long _compactAbove = MinCompactionLength;
    private string? _failure;

    private RunLog(string path, SafeFileHandle handle, uint salt, long length)
    {
        _path = path;
        _handle = handle;
        _salt = salt;
        _length = length;
    }

    /// <summary>What a log begins with.</summary>
    public static ReadOnlySpan<byte> Magic => [0x8D, (byte)'M', (byte)'F', (byte)'N', (byte)'L', (byte)'\r', (byte)'\n', 0x1A];

    /// <summary>Bytes on disk.</summary>
    public long Length => Volatile.Read(ref _length);

    /// <summary>Bytes of an append that a crash left incomplete, cut off when the log was opened.</summary>
    public long CutLength { get; private set; }

    /// <summary>A new log that begins with the given records, on disk.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public static RunLog Create(string path, IReadOnlyList<RunLogRecord> records)
    {
        DurableFiles.Replace(path, stream => Write(stream, [records]));
        return Open(path);
    }

    /// <summary>
    /// Opens a log and checks all of it. An incomplete append at its end, which nobody was told of, is cut off. What is then in it is on disk, even
    /// if the process that wrote it had no time to see to that.
    /// </summary>
    /// <exception cref="InvalidDataException">It is not a log, or damaged elsewhere than at its end; the message says what and where.</exception>
    /// <exception cref="IOException">It cannot be opened, or is open already.</exception>
    public static RunLog Open(string path)
    {
        var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        try
        {
            var fileLength = RandomAccess.GetLength(handle);
            var log = new RunLog(path, handle, ReadPreamble(path, handle), fileLength);
            log._length = log.CheckFrames();
            log.CutLength = fileLength - log._length;
            if (log.CutLength > 0)
            {
                RandomAccess.SetLength(handle, log._length);
            }

            DurableFiles.Flush(handle);
            return log;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Appends records, all or none. When it returns they are on disk. When it throws they are not in the log: it was cut back, and takes
    /// further appends if the disk has room again. If that could not be done, or the flush failed (after which the system may have dropped what
    /// it could not write, and a second flush would lie), it takes none before it is opened anew.
    /// </summary>
    /// <exception cref="ArgumentException">There are no records, or they are longer than <see cref="MaxAppendLength"/> together.</exception>
    /// <exception cref="IOException">They could not be written.</exception>
    public void Append(IReadOnlyList<RunLogRecord> records)
    {
        if (_failure is not null)
        {
            throw new IOException($"{_path} takes no records since an earlier failure: {_failure}");
        }

        // Before the append, so that it is not in the log if this fails.
        if (_length > _compactAbove && _horizonLength > _length / 2)
        {
            Compact();
        }

        var frame = EncodeFrame(records, _length, _salt);
        try
        {
            RandomAccess.Write(_handle, frame, _length);
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

        CountHorizons(records, frame.Length);
        Volatile.Write(ref _length, _length + frame.Length);
    }

    /// <summary>The records from the first on, read from disk as they are asked for; up to what is there when the reading begins.</summary>
    /// <exception cref="InvalidDataException">The file was damaged after it was opened.</exception>
    public IEnumerable<RunLogRecord> ReadRecords()
    {
        var end = Length;
        for (var position = (long)PreambleLength; position < end;)
        {
            var problem = ReadFrame(position, end, out var payload);
            if (problem is not null)
            {
                throw Damaged(position, problem);
            }

            foreach (var record in Parse(position, payload))
            {
                yield return record;
            }

            position += FrameHeader.Length + payload.Length;
        }
    }

    public void Dispose() => _handle.Dispose();

    private static uint ReadPreamble(string path, SafeFileHandle handle)
    {
        var preamble = new byte[PreambleLength];
        var length = RandomAccess.Read(handle, preamble, 0);
        if (length < PreambleLength || !preamble.AsSpan().StartsWith(Magic))
        {
            throw new InvalidDataException($"{path} is not a run's log: it does not begin like one.");
        }

        var version = BinaryPrimitives.ReadUInt32LittleEndian(preamble.AsSpan(8));
        return version == FormatVersion
            ? BinaryPrimitives.ReadUInt32LittleEndian(preamble.AsSpan(12))
            : throw new InvalidDataException($"{path} has format version {version}, but this server reads version {FormatVersion}.");
    }

    private static byte[] EncodeFrame(IReadOnlyList<RunLogRecord> records, long position, uint salt)
    {
        var payload = new RunLogAppend { Records = { records } };
        var payloadLength = payload.CalculateSize();
        if (payloadLength is 0 or > MaxAppendLength)
        {
            throw new ArgumentException($"Records of 1 to {MaxAppendLength} bytes can be appended at once, but these have {payloadLength}.", nameof(records));
        }

        var frame = new byte[FrameHeader.Length + payloadLength];
        payload.WriteTo(frame.AsSpan(FrameHeader.Length));
        FrameHeader.Of(frame.AsSpan(FrameHeader.Length)).Write(frame, position, salt);
        return frame;
    }

    /// <summary>Writes a log as a whole, an append for each list of records.</summary>
    private static void Write(Stream stream, IEnumerable<IReadOnlyList<RunLogRecord>> appends)
    {
        var salt = BinaryPrimitives.ReadUInt32LittleEndian(RandomNumberGenerator.GetBytes(sizeof(uint)));
        var preamble = new byte[PreambleLength];
        Magic.CopyTo(preamble);
        BinaryPrimitives.WriteInt32LittleEndian(preamble.AsSpan(8), FormatVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(preamble.AsSpan(12), salt);
        stream.Write(preamble);
        var position = (long)PreambleLength;
        foreach (var records in appends)
        {
            var frame = EncodeFrame(records, position, salt);
            stream.Write(frame);
            position += frame.Length;
        }
    }

    /// <summary>Writes the log anew with the last horizon alone. If there is no room for that, the log stays as it is.</summary>
    private void Compact()
    {
        _compactAbove = 2 * _length;
        var horizonCount = ReadRecords().Count(IsHorizon);
        try
        {
            DurableFiles.Prepare(_path, stream => Write(stream, ReadRecords().Where(record => !IsHorizon(record) || --horizonCount == 0).Select(record => new[] { record })));
        }
        catch (IOException)
        {
            // Superseded horizons do no harm.
            return;
        }

        try
        {
            DurableFiles.ReplaceByPrepared(_path);
            using var compacted = Open(_path);
            _handle.Dispose();
            (_handle, compacted._handle) = (compacted._handle, _handle);
            (_salt, _horizonLength) = (compacted._salt, compacted._horizonLength);
            Volatile.Write(ref _length, compacted._length);
            _compactAbove = MinCompactionLength;
        }
        catch (Exception error) when (DurableFiles.IsWriteFailure(error) || error is InvalidDataException)
        {
            // Maybe the open file is no longer the one that the next process will find.
            _failure = error.Message;
            throw new IOException($"{_path} could not be replaced by a shorter one: {error.Message}", error);
        }
    }

    private void CountHorizons(IReadOnlyList<RunLogRecord> records, int frameLength)
    {
        if (records.All(IsHorizon))
        {
            _horizonLength += frameLength;
        }
    }

    private static bool IsHorizon(RunLogRecord record) => record.RecordCase == RunLogRecord.RecordOneofCase.Horizon;

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

    /// <summary>Where the last whole append ends.</summary>
    private long CheckFrames()
    {
        var isFirst = true;
        var position = (long)PreambleLength;
        while (position < _length)
        {
            var problem = ReadFrame(position, _length, out var payload);
            if (problem is not null)
            {
                if (isFirst)
                {
                    throw Damaged(position, problem);
                }

                return FindHeader(position + 1) is { } next
                    ? throw Damaged(position, $"{problem}, and more was appended after it, at byte {next}")
                    : position;
            }

            CountHorizons(Parse(position, payload), FrameHeader.Length + payload.Length);
            isFirst = false;
            position += FrameHeader.Length + payload.Length;
        }

        return isFirst ? throw Damaged(position, "it ends before the first record") : position;
    }

    /// <summary>Reads the payload of the append at the position; returns what is wrong with it, or null.</summary>
    private string? ReadFrame(long position, long end, out byte[] payload)
    {
        payload = [];
        Span<byte> start = stackalloc byte[FrameHeader.Length];
        if (end - position < start.Length || ReadFully(start, position) < start.Length)
        {
            return "it ends within the header of an append";
        }

        if (!FrameHeader.TryRead(start, position, _salt, out var header))
        {
            return "the header of an append is damaged";
        }

        if (end - position - start.Length < header.PayloadLength)
        {
            return "it ends within an append";
        }

        payload = new byte[header.PayloadLength];
        return ReadFully(payload, position + start.Length) == payload.Length && FrameHeader.Of(payload) == header
            ? null
            : "the checksum of an append is wrong";
    }

    /// <summary>Where the next append begins that can be told as one, at or after the position.</summary>
    private long? FindHeader(long position)
    {
        var bytes = new byte[ScanLength];
        while (_length - position >= FrameHeader.Length)
        {
            var count = ReadFully(bytes, position);
            for (var i = 0; i <= count - FrameHeader.Length; i++)
            {
                if (FrameHeader.TryRead(bytes.AsSpan(i), position + i, _salt, out _))
                {
                    return position + i;
                }
            }

            position += count - FrameHeader.Length + 1;
        }

        return null;
    }

    private int ReadFully(Span<byte> destination, long position)
    {
        var filled = 0;
        int count;
        while (filled < destination.Length && (count = RandomAccess.Read(_handle, destination[filled..], position + filled)) > 0)
        {
            filled += count;
        }

        return filled;
    }

    private RepeatedField<RunLogRecord> Parse(long position, byte[] payload)
    {
        try
        {
            var records = RunLogAppend.Parser.ParseFrom(payload).Records;
            return records.All(record => record.RecordCase != RunLogRecord.RecordOneofCase.None)
                ? records
                : throw Damaged(position, "it has a record of a kind that this server does not know");
        }
        catch (InvalidProtocolBufferException error)
        {
            throw Damaged(position, error.Message);
        }
    }

    private InvalidDataException Damaged(long position, string problem) => new($"{_path} cannot be read on at byte {position}: {problem}.");
}
