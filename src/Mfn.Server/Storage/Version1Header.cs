using System.Buffers.Binary;

namespace Mfn.Server.Storage;

/// <summary>
/// What stands before each append in a log of format version 1: the payload's length, its CRC-32C, and a CRC-32C over both, the log's salt and
/// the position.
/// </summary>
internal readonly record struct Version1Header(int PayloadLength, uint PayloadChecksum)
{
    public const int Length = 12;

    private const int OwnChecksumOffset = 8;

    public static Version1Header Of(ReadOnlySpan<byte> payload) => new(payload.Length, Crc32C.Compute(payload));

    /// <summary>Reads the header at the start of the bytes; false if there is none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, long position, uint salt, out Version1Header header)
    {
        header = new Version1Header(BinaryPrimitives.ReadInt32LittleEndian(bytes), BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]));
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes[OwnChecksumOffset..]) == OwnChecksum(bytes[..OwnChecksumOffset], position, salt)
            && header.PayloadLength is > 0 and <= RunLog.MaxAppendLength;
    }

    /// <summary>The checksum over length, payload's checksum, position and salt.</summary>
    internal static uint OwnChecksum(ReadOnlySpan<byte> lengthAndChecksum, long position, uint salt)
    {
        Span<byte> bytes = stackalloc byte[20];
        lengthAndChecksum.CopyTo(bytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], position);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[16..], salt);
        return Crc32C.Compute(bytes);
    }
}
