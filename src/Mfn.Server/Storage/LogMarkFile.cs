using System.Buffers.Binary;
using Mfn.Server.Files;
using Microsoft.Win32.SafeHandles;

namespace Mfn.Server.Storage;

/// <summary>
/// The mark of a run's log, outside the run's directory, so that neither a log nor a directory that was replaced by an older copy passes for what
/// it was. Two slots are written in turn, so that one that is damaged leaves the other, which is one append behind at most: <see cref="Magic"/>, format
/// version, state, a number that grows with each writing, the log's identity, number, length and checksum of the append, and a CRC-32C over all that.
/// </summary>
internal sealed class LogMarkFile : IDisposable
{
    // Far enough apart that no disk writes both at once.
    public const int SlotDistance = 4096;

    public const int SlotLength = 60;

    private const int FormatVersion = 1;
    private const int ChecksumOffset = 56;

    private readonly SafeFileHandle _handle;
    private readonly byte[] _slot = new byte[SlotLength];
    private long _generation;

    private LogMarkFile(SafeFileHandle handle, LogMark mark, long generation)
    {
        _handle = handle;
        Mark = mark;
        _generation = generation;
    }

    /// <summary>The mark as it was written last.</summary>
    public LogMark Mark { get; private set; }

    private static ReadOnlySpan<byte> Magic => [0x8D, (byte)'M', (byte)'F', (byte)'N', (byte)'A', (byte)'\r', (byte)'\n', 0x1A];

    /// <summary>Writes a new mark; when it returns it is on disk.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public static void Create(string path, LogMark mark)
    {
        var bytes = new byte[2 * SlotDistance];
        Encode(mark, 1, bytes.AsSpan(SlotDistance, SlotLength));
        DurableFiles.Replace(path, stream => stream.Write(bytes));
    }

    /// <summary>Opens a mark, of which the result is the only user.</summary>
    /// <exception cref="RunDamagedException">It is missing or damaged.</exception>
    /// <exception cref="IOException">It cannot be opened, or is open already.</exception>
    public static LogMarkFile Open(string path)
    {
        SafeFileHandle handle;
        try
        {
            handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RunDamagedException(path, $"is missing, which tells how far the run's log was acknowledged", innerException: error);
        }

        try
        {
            Span<byte> slot = stackalloc byte[SlotLength];
            (LogMark Mark, long Generation)? latest = null;
            for (var i = 0; i < 2; i++)
            {
                if (RandomAccess.Read(handle, slot, i * SlotDistance) == SlotLength && TryDecode(slot) is { } found && found.Generation > (latest?.Generation ?? 0))
                {
                    latest = found;
                }
            }

            return latest is { } read
                ? new LogMarkFile(handle, read.Mark, read.Generation)
                : throw new RunDamagedException(path, "is damaged, which tells how far the run's log was acknowledged");
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Writes the mark. It survives the end of the process, but a power cut only if <see cref="Flush"/> follows: then the one before, or an older one, does.
    /// </summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void Write(LogMark mark)
    {
        var generation = _generation + 1;
        Encode(mark, generation, _slot);
        RandomAccess.Write(_handle, _slot, generation % 2 * SlotDistance);
        (Mark, _generation) = (mark, generation);
    }

    /// <summary>Returns when the mark is on disk.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void Flush() => DurableFiles.Flush(_handle);

    public void Dispose() => _handle.Dispose();

    private static void Encode(LogMark mark, long generation, Span<byte> slot)
    {
        Magic.CopyTo(slot);
        BinaryPrimitives.WriteInt32LittleEndian(slot[8..], FormatVersion);
        BinaryPrimitives.WriteInt32LittleEndian(slot[12..], (int)mark.State);
        BinaryPrimitives.WriteInt64LittleEndian(slot[16..], generation);
        mark.Log.Write(slot[24..]);
        BinaryPrimitives.WriteInt64LittleEndian(slot[40..], mark.Sequence);
        BinaryPrimitives.WriteInt32LittleEndian(slot[48..], mark.PayloadLength);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[52..], mark.PayloadChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[ChecksumOffset..], Crc32C.Compute(slot[..ChecksumOffset]));
    }

    private static (LogMark Mark, long Generation)? TryDecode(ReadOnlySpan<byte> slot)
    {
        if (!slot.StartsWith(Magic)
            || BinaryPrimitives.ReadInt32LittleEndian(slot[8..]) != FormatVersion
            || BinaryPrimitives.ReadUInt32LittleEndian(slot[ChecksumOffset..]) != Crc32C.Compute(slot[..ChecksumOffset]))
        {
            return null;
        }

        var mark = new LogMark(
            (LogMarkState)BinaryPrimitives.ReadInt32LittleEndian(slot[12..]),
            LogIdentity.Read(slot[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(slot[40..]),
            BinaryPrimitives.ReadInt32LittleEndian(slot[48..]),
            BinaryPrimitives.ReadUInt32LittleEndian(slot[52..]));
        return (mark, BinaryPrimitives.ReadInt64LittleEndian(slot[16..]));
    }
}
