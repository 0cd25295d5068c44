using System.Buffers.Binary;

namespace Mfn.Server.Storage;

/// <summary>
/// What stands before each append in a log: the log's marker, the append's number, the payload's length, its CRC-32C, the checksum of the header before, and a
/// CRC-32C over all that. It does not depend on where it stands.
/// </summary>
/// <param name="Sequence">The append's number: greater than the one before, by one unless the log was written anew without what was between them.</param>
/// <param name="PayloadLength">In bytes.</param>
/// <param name="PayloadChecksum">CRC-32C.</param>
/// <param name="Previous">The own checksum of the header before; 0 of the first. So every header depends on all that was appended before.</param>
internal readonly record struct AppendHeader(long Sequence, int PayloadLength, uint PayloadChecksum, uint Previous)
{
    public const int Length = 32;

    private const int OwnChecksumOffset = 28;

    /// <summary>Reads the header at the start of the bytes; false if there is none of this log.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, ulong marker, out AppendHeader header, out uint ownChecksum)
    {
        header = new AppendHeader(
            BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[24..]));
        ownChecksum = BinaryPrimitives.ReadUInt32LittleEndian(bytes[OwnChecksumOffset..]);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes) == marker
            && Crc32C.Compute(bytes[..OwnChecksumOffset]) == ownChecksum
            && header.PayloadLength is > 0 and <= RunLog.MaxAppendLength
            && header.Sequence > 0;
    }

    /// <summary>Writes the header; returns its own checksum.</summary>
    public uint Write(Span<byte> destination, ulong marker)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, marker);
        BinaryPrimitives.WriteInt64LittleEndian(destination[8..], Sequence);
        BinaryPrimitives.WriteInt32LittleEndian(destination[16..], PayloadLength);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[20..], PayloadChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[24..], Previous);
        var checksum = Crc32C.Compute(destination[..OwnChecksumOffset]);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[OwnChecksumOffset..], checksum);
        return checksum;
    }
}
