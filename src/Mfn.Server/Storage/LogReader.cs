using System.Buffers.Binary;
using Google.Protobuf;
using Mfn.Contracts.Storage.V1;
using Mfn.Server.Files;
using Microsoft.Win32.SafeHandles;

namespace Mfn.Server.Storage;

/// <summary>Goes through a log's file from append to append, as far as each follows from the one before.</summary>
/// <param name="path">For messages.</param>
/// <param name="handle">The file.</param>
/// <param name="identity">The log's.</param>
/// <param name="end">Bytes to look at.</param>
internal sealed class LogReader(string path, SafeFileHandle handle, LogIdentity identity, long end)
{
    private const int ScanLength = 64 * 1024;

    private bool _followsNothing;

    /// <summary>Where the next append begins.</summary>
    public long Position { get; private set; } = LogPreamble.Length;

    /// <summary>The header of the last append read; null before the first.</summary>
    public AppendHeader? Last { get; private set; }

    /// <summary>The own checksum of <see cref="Last"/>.</summary>
    public uint Chain { get; private set; }

    /// <summary>Why no further append can be read, though there are bytes; null if there is no reason.</summary>
    public string? Problem { get; private set; }

    /// <summary>The header of the append that cannot be read, if at least that is what must come next.</summary>
    public AppendHeader? Incomplete { get; private set; }

    /// <summary>Reads the next append; false at the end, or where there is a <see cref="Problem"/>.</summary>
    /// <exception cref="RunDamagedException">It has a record that this server does not know.</exception>
    public bool TryRead(out LogAppend append)
    {
        append = null!;
        (Problem, Incomplete) = (null, null);
        if (Position >= end)
        {
            return false;
        }

        Problem = Read(ref append);
        return Problem is null;
    }

    /// <summary>Goes on behind a problem, with an append that need not follow from the last one read.</summary>
    public void SkipTo(long position) => (Position, _followsNothing) = (position, true);

    /// <summary>Where the next append begins that can be told as one, at or after the position.</summary>
    public long? FindHeader(long position)
    {
        var bytes = new byte[ScanLength];
        Span<byte> marker = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(marker, identity.Marker);
        while (end - position >= AppendHeader.Length)
        {
            var count = DurableFiles.ReadFully(handle, bytes.AsSpan(0, (int)Math.Min(bytes.Length, end - position)), position);
            if (count < AppendHeader.Length)
            {
                return null;
            }

            for (var from = 0; bytes.AsSpan(from, count - from).IndexOf(marker) is >= 0 and var index && from + index <= count - AppendHeader.Length; from += index + 1)
            {
                if (AppendHeader.TryRead(bytes.AsSpan(from + index), identity.Marker, out _, out _))
                {
                    return position + from + index;
                }
            }

            position += count - AppendHeader.Length + 1;
        }

        return null;
    }

    /// <summary>The records of an append whose checksum is right.</summary>
    public static IReadOnlyList<RunLogRecord> Parse(string path, long position, byte[] payload)
    {
        try
        {
            var records = RunLogAppend.Parser.ParseFrom(payload).Records;
            return records.All(record => record.RecordCase != RunLogRecord.RecordOneofCase.None)
                ? records
                : throw new RunDamagedException(path, "it has a record of a kind that this server does not know", position);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new RunDamagedException(path, error.Message.TrimEnd('.'), position, error);
        }
    }

    private string? Read(ref LogAppend append)
    {
        Span<byte> start = stackalloc byte[AppendHeader.Length];
        if (end - Position < start.Length || DurableFiles.ReadFully(handle, start, Position) < start.Length)
        {
            return "it ends within the header of an append";
        }

        if (!AppendHeader.TryRead(start, identity.Marker, out var header, out var checksum))
        {
            return "the header of an append is damaged";
        }

        if (!_followsNothing && (header.Previous != Chain || header.Sequence <= (Last?.Sequence ?? 0)))
        {
            return $"append {header.Sequence} does not follow from {(Last is { } last ? $"append {last.Sequence}" : "the log's beginning")}";
        }

        Incomplete = header;
        if (end - Position - start.Length < header.PayloadLength)
        {
            return "it ends within an append";
        }

        var payload = new byte[header.PayloadLength];
        if (DurableFiles.ReadFully(handle, payload, Position + start.Length) < payload.Length || Crc32C.Compute(payload) != header.PayloadChecksum)
        {
            return "the checksum of an append is wrong";
        }

        append = new LogAppend(header, Parse(path, Position, payload));
        Position += append.Length;
        (Last, Chain, Incomplete, _followsNothing) = (header, checksum, null, false);
        return null;
    }
}
