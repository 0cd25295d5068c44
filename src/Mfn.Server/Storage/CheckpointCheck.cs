using System.Buffers.Binary;
using System.Security.Cryptography;
using Mfn.Contracts.Storage.V1;

namespace Mfn.Server.Storage;

/// <summary>Tells whether a checkpoint's file still is what was written, in little memory and without using the state.</summary>
internal static class CheckpointCheck
{
    private const int ChunkLength = 256 * 1024;

    /// <summary>What is wrong with a file, as a sentence; null if nothing is, or if it is no longer there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="position">The state that its name says.</param>
    /// <param name="read">Told of every so many bytes that were read; may wait.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<string?> FindProblemAsync(string path, RunPosition position, Func<int, Task> read, CancellationToken cancellationToken)
    {
        try
        {
            return DirectoryEntry.KindOf(path) switch
            {
                EntryKind.File => await ReadAsync(path, position, read, cancellationToken),
                EntryKind.Missing => null,
                var kind => $"It is {DirectoryEntry.Tell(kind)} and no file.",
            };
        }
        catch (FileNotFoundException)
        {
            // A run lets go of those that it needs no more.
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"It cannot be read: {error.Message.Replace(path, Path.GetFileName(path), StringComparison.Ordinal)}";
        }
    }

    private static async Task<string?> ReadAsync(string path, RunPosition position, Func<int, Task> read, CancellationToken cancellationToken)
    {
        await using var stream = new FileStream(
            path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
        var hashedLength = stream.Length - SHA256.HashSizeInBytes;
        if (hashedLength < CheckpointFile.PreambleLength)
        {
            return "It is cut off.";
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var chunk = new byte[ChunkLength];
        CheckpointHeader? header = null;
        for (long done = 0; done < hashedLength;)
        {
            var count = (int)Math.Min(ChunkLength, hashedLength - done);
            await stream.ReadExactlyAsync(chunk.AsMemory(0, count), cancellationToken);
            hash.AppendData(chunk, 0, count);
            header ??= HeaderOf(chunk.AsSpan(0, count));
            done += count;
            await read(count);
        }

        await stream.ReadExactlyAsync(chunk.AsMemory(0, SHA256.HashSizeInBytes), cancellationToken);
        await read(SHA256.HashSizeInBytes);
        if (!hash.GetHashAndReset().AsSpan().SequenceEqual(chunk.AsSpan(0, SHA256.HashSizeInBytes)))
        {
            return "Its checksum is wrong.";
        }

        return header is null ? "It is no checkpoint."
            : (header.Step, header.Revision) != (position.Step, position.Revision) ? $"It is that of step {header.Step}, revision {header.Revision}."
            : null;
    }

    private static CheckpointHeader? HeaderOf(ReadOnlySpan<byte> start)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(start[12..]);
        if (!start.StartsWith(CheckpointFile.Magic) || length < 0 || length > CheckpointFile.MaxHeaderLength || start.Length - CheckpointFile.PreambleLength < length)
        {
            return null;
        }

        try
        {
            return CheckpointHeader.Parser.ParseFrom(start.Slice(CheckpointFile.PreambleLength, length));
        }
        catch (Google.Protobuf.InvalidProtocolBufferException)
        {
            return null;
        }
    }
}
