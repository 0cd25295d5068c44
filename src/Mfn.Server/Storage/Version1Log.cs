using System.Buffers.Binary;
using Mfn.Contracts.Storage.V1;
using Mfn.Server.Files;
using Microsoft.Win32.SafeHandles;

namespace Mfn.Server.Storage;

/// <summary>
/// Reads a log of format version 1, which has a salt of 32 bits in its preamble and a <see cref="Version1Header"/> before each append. What of such a log was
/// acknowledged is on no record, so that only what looks like the beginning of one more append is believed to be one.
/// </summary>
internal static class Version1Log
{
    public const int FormatVersion = 1;

    public const int PreambleLength = 16;

    /// <summary>What was appended, append by append.</summary>
    /// <exception cref="RunDamagedException">It is damaged.</exception>
    public static IReadOnlyList<IReadOnlyList<RunLogRecord>> Read(string path, SafeFileHandle handle)
    {
        var (appends, damage) = ReadToDamage(path, handle);
        return damage is null ? appends : throw damage;
    }

    /// <summary>What was appended, append by append, and what is wrong behind that; null if nothing is but maybe an incomplete append.</summary>
    public static (IReadOnlyList<IReadOnlyList<RunLogRecord>> Appends, RunDamagedException? Damage) ReadToDamage(string path, SafeFileHandle handle)
    {
        var length = RandomAccess.GetLength(handle);
        var start = new byte[Version1Header.Length];
        _ = DurableFiles.ReadFully(handle, start.AsSpan(0, sizeof(uint)), PreambleLength - sizeof(uint));
        var salt = BinaryPrimitives.ReadUInt32LittleEndian(start);
        var appends = new List<IReadOnlyList<RunLogRecord>>();
        long position = PreambleLength;
        while (position + Version1Header.Length <= length)
        {
            _ = DurableFiles.ReadFully(handle, start, position);
            if (!Version1Header.TryRead(start, position, salt, out var header))
            {
                return (appends, new RunDamagedException(path, "the header of an append is damaged", position));
            }

            if (length - position - Version1Header.Length < header.PayloadLength)
            {
                break;
            }

            var payload = new byte[header.PayloadLength];
            _ = DurableFiles.ReadFully(handle, payload, position + Version1Header.Length);
            if (Version1Header.Of(payload) != header)
            {
                return (appends, new RunDamagedException(path, "the checksum of an append is wrong", position));
            }

            appends.Add(LogReader.Parse(path, position, payload));
            position += Version1Header.Length + payload.Length;
        }

        return (appends, appends.Count > 0 ? null : new RunDamagedException(path, "it ends before the first record", position));
    }
}
