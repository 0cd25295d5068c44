using System.Security.Cryptography;
using Google.Protobuf;

namespace Mfn.Server.LiveRuns;

/// <summary>The commands that a run has had, so that none is applied twice.</summary>
internal sealed class CommandLedger
{
    private readonly Dictionary<string, Entry> _entries = [];

    public int Count => _entries.Count;

    /// <summary>Of all commands together.</summary>
    public long ByteCount { get; private set; }

    /// <summary>Where the command was applied; null if it has not been.</summary>
    /// <param name="command">A command.</param>
    /// <param name="isAnother">Whether its id is that of a command with other contents.</param>
    public RunPosition? Find(SteeringCommand command, out bool isAnother)
    {
        if (!_entries.TryGetValue(command.Id, out var entry))
        {
            isAnother = false;
            return null;
        }

        isAnother = !entry.Digest.AsSpan().SequenceEqual(DigestOf(command));
        return entry.Position;
    }

    public void Add(SteeringCommand command, RunPosition position)
    {
        _entries.Add(command.Id, new Entry(position, DigestOf(command)));
        ByteCount += command.ByteCount;
    }

    private static byte[] DigestOf(SteeringCommand command) => SHA256.HashData(command.Message.ToByteArray());

    private readonly record struct Entry(RunPosition Position, byte[] Digest);
}
