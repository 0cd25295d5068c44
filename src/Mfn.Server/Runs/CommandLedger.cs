using System.Security.Cryptography;
using Google.Protobuf;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Storage;

namespace Mfn.Server.Runs;

/// <summary>The commands that a run has had, so that none is applied twice, and not more than the server allows.</summary>
internal sealed class CommandLedger(RunsOptions limits, RunMemory memory)
{
    private readonly Dictionary<string, Entry> _entries = [];
    private long _byteCount;

    /// <summary>Where the command was applied; null if it has not been.</summary>
    /// <exception cref="CallRefusedException">Its id is that of a command with other contents.</exception>
    public RunPosition? Find(SteeringCommand command)
    {
        if (!_entries.TryGetValue(command.Id, out var entry))
        {
            return null;
        }

        return entry.Digest.AsSpan().SequenceEqual(DigestOf(command)) ? entry.Position : throw CallRefusedException.CommandIdTaken(command.Id);
    }

    /// <summary>Takes the memory for a command that is about to be applied.</summary>
    /// <exception cref="CallRefusedException">With this command there would be too many, or too many bytes of them, or there is no memory for it.</exception>
    public void RequireRoom(SteeringCommand command)
    {
        if (_entries.Count >= limits.MaxCommandsPerRun)
        {
            throw CallRefusedException.TooManyCommands(limits.MaxCommandsPerRun);
        }

        var byteCount = _byteCount + command.ByteCount;
        if (byteCount > limits.MaxCommandBytesPerRun)
        {
            throw CallRefusedException.TooManyCommandBytes(byteCount, limits.MaxCommandBytesPerRun);
        }

        memory.AddCommand(command.ByteCount);
    }

    /// <summary>Takes note of a command that is applied.</summary>
    public void Add(SteeringCommand command, RunPosition position)
    {
        _entries.Add(command.Id, new Entry(position, DigestOf(command)));
        _byteCount += command.ByteCount;
    }

    private static byte[] DigestOf(SteeringCommand command) => SHA256.HashData(command.Message.ToByteArray());

    private readonly record struct Entry(RunPosition Position, byte[] Digest);
}
