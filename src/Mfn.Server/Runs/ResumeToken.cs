using System.Buffers.Binary;
using System.Security.Cryptography;
using Mfn.Server.Storage;

namespace Mfn.Server.Runs;

/// <summary>Where a watcher is in a run: what it needs to go on from there. Sealed with the run's secret, so that it cannot be made up.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Epoch">The run's timeline.</param>
/// <param name="Position">Of the last frame that the watcher was sent.</param>
/// <param name="HasFrame">Whether it has been sent a frame at all; else the position is where it was to begin.</param>
/// <param name="Sequence">Of the last message.</param>
/// <param name="Chain">Of the last message.</param>
internal readonly record struct ResumeToken(RunId RunId, ulong Epoch, RunPosition Position, bool HasFrame, long Sequence, ReadOnlyMemory<byte> Chain)
{
    private const byte FormatVersion = 1;
    private const int SealedByteCount = 1 + 16 + 8 + 4 + 8 + 1 + 8 + 32;
    private const int ByteCount = SealedByteCount + 16;

    public byte[] Seal(ReadOnlySpan<byte> secret)
    {
        var bytes = new byte[ByteCount];
        var rest = bytes.AsSpan();
        rest[0] = FormatVersion;
        RunId.Value.TryWriteBytes(rest[1..]);
        BinaryPrimitives.WriteUInt64LittleEndian(rest[17..], Epoch);
        BinaryPrimitives.WriteInt32LittleEndian(rest[25..], Position.Step);
        BinaryPrimitives.WriteInt64LittleEndian(rest[29..], Position.Revision);
        rest[37] = HasFrame ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt64LittleEndian(rest[38..], Sequence);
        Chain.Span.CopyTo(rest[46..]);
        SealOf(rest[..SealedByteCount], secret, rest[SealedByteCount..]);
        return bytes;
    }

    /// <summary>The run that the bytes name; null if they are no token, whatever the seal.</summary>
    public static RunId? RunIdOf(ReadOnlySpan<byte> bytes) =>
        bytes.Length == ByteCount && bytes[0] == FormatVersion ? new RunId(new Guid(bytes.Slice(1, 16))) : null;

    /// <summary>Reads a token; null if it is none, or was not sealed with the secret.</summary>
    public static ResumeToken? Open(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> secret)
    {
        if (RunIdOf(bytes) is not { } runId)
        {
            return null;
        }

        Span<byte> seal = stackalloc byte[ByteCount - SealedByteCount];
        SealOf(bytes[..SealedByteCount], secret, seal);
        if (!CryptographicOperations.FixedTimeEquals(seal, bytes[SealedByteCount..]))
        {
            return null;
        }

        return new ResumeToken(
            runId,
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[17..]),
            new RunPosition(BinaryPrimitives.ReadInt32LittleEndian(bytes[25..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[29..])),
            bytes[37] == 1,
            BinaryPrimitives.ReadInt64LittleEndian(bytes[38..]),
            bytes.Slice(46, 32).ToArray());
    }

    private static void SealOf(ReadOnlySpan<byte> content, ReadOnlySpan<byte> secret, Span<byte> destination)
    {
        Span<byte> full = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret, content, full);
        full[..destination.Length].CopyTo(destination);
    }
}
