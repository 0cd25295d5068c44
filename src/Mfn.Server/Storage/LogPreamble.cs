using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Mfn.Server.Storage;

/// <summary>What a log begins with: <see cref="Magic"/>, the format version, a CRC-32C of the identity, and the identity.</summary>
internal static class LogPreamble
{
    public const int Length = 32;

    public const int FormatVersion = 2;

    private const int VersionOffset = 8;
    private const int ChecksumOffset = 12;
    private const int IdentityOffset = 16;

    /// <summary>A transfer that takes it for text or for seven bits changes it.</summary>
    public static ReadOnlySpan<byte> Magic => [0x8D, (byte)'M', (byte)'F', (byte)'N', (byte)'L', (byte)'\r', (byte)'\n', 0x1A];

    public static byte[] Encode(LogIdentity identity)
    {
        var preamble = new byte[Length];
        Magic.CopyTo(preamble);
        BinaryPrimitives.WriteInt32LittleEndian(preamble.AsSpan(VersionOffset), FormatVersion);
        identity.Write(preamble.AsSpan(IdentityOffset));
        BinaryPrimitives.WriteUInt32LittleEndian(preamble.AsSpan(ChecksumOffset), Crc32C.Compute(preamble.AsSpan(IdentityOffset)));
        return preamble;
    }

    /// <summary>The identity of a log; null if it is of format version 1, which has none.</summary>
    /// <exception cref="RunDamagedException">It does not begin like a log, or is of another version.</exception>
    public static LogIdentity? Read(string path, SafeFileHandle handle)
    {
        var preamble = new byte[Length];
        var length = RandomAccess.Read(handle, preamble, 0);
        if (length < IdentityOffset || !preamble.AsSpan().StartsWith(Magic))
        {
            throw new RunDamagedException(path, "is not a run's log: it does not begin like one");
        }

        var version = BinaryPrimitives.ReadUInt32LittleEndian(preamble.AsSpan(VersionOffset));
        if (version == Version1Log.FormatVersion)
        {
            return null;
        }

        if (version != FormatVersion)
        {
            throw new RunDamagedException(path, $"has format version {version}, but this server reads versions 1 and {FormatVersion}");
        }

        var isWhole = length == Length
            && BinaryPrimitives.ReadUInt32LittleEndian(preamble.AsSpan(ChecksumOffset)) == Crc32C.Compute(preamble.AsSpan(IdentityOffset));
        return isWhole ? LogIdentity.Read(preamble.AsSpan(IdentityOffset)) : throw new RunDamagedException(path, "is damaged at its very beginning");
    }
}
