using System.Buffers.Binary;
using System.Security.Cryptography;
using Google.Protobuf;
using Mfn.Contracts.V1;

namespace Mfn.Client.Runs;

/// <summary>The hash over everything that a watcher was sent.</summary>
internal static class WatchChain
{
    /// <summary>What precedes the first message.</summary>
    public static readonly ByteString Start = ByteString.CopyFrom(new byte[SHA256.HashSizeInBytes]);

    /// <summary>The chain of a message of a known kind, given that of the message before.</summary>
    public static ByteString Next(ByteString previous, WatchRunResponse message)
    {
        Span<byte> text = stackalloc byte[SHA256.HashSizeInBytes + (4 * sizeof(ulong)) + 1 + SHA256.HashSizeInBytes];
        previous.Span.CopyTo(text);
        var position = text[SHA256.HashSizeInBytes..];
        BinaryPrimitives.WriteUInt64LittleEndian(position, message.Epoch);
        BinaryPrimitives.WriteInt64LittleEndian(position[8..], message.Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(position[16..], message.Step);
        BinaryPrimitives.WriteInt64LittleEndian(position[24..], message.Revision);
        position[32] = (byte)message.KindCase;
        SHA256.HashData(Payload(message).Span, position[33..]);
        return ByteString.CopyFrom(SHA256.HashData(text));
    }

    private static ByteString Payload(WatchRunResponse message) => message.KindCase switch
    {
        WatchRunResponse.KindOneofCase.Snapshot => message.Snapshot.Field?.Values ?? ByteString.Empty,
        WatchRunResponse.KindOneofCase.Delta => message.Delta.CompressedDifferences,
        _ => ByteString.Empty,
    };
}
