using System.Buffers.Binary;
using System.Security.Cryptography;
using Google.Protobuf;
using Mfn.Contracts.V1;

namespace Mfn.Benchmarks.Watching;

/// <summary>Checks what one watcher is sent, over all its streams: the sequence, the steps and the chain have no gap.</summary>
internal sealed class MessageCheck
{
    private long _sequence = -1;
    private byte[] _chain = new byte[SHA256.HashSizeInBytes];

    /// <summary>The step of the last frame; -1 before the first.</summary>
    public long Step { get; private set; } = -1;

    /// <summary>Whether the last stream has replayed what it missed.</summary>
    public bool HasCaughtUp { get; set; }

    /// <summary>Resumes after the last message.</summary>
    public ByteString Token { get; private set; } = ByteString.Empty;

    /// <exception cref="InvalidDataException">Something is missing.</exception>
    public void Accept(ReadOnlyMemory<byte> bytes)
    {
        var message = WatchRunResponse.Parser.ParseFrom(bytes.Span);
        var payload = message.Snapshot?.Field.Values ?? ByteString.Empty;
        var link = new byte[(2 * SHA256.HashSizeInBytes) + 33];
        _chain.CopyTo(link, 0);
        BinaryPrimitives.WriteUInt64LittleEndian(link.AsSpan(32), message.Epoch);
        BinaryPrimitives.WriteInt64LittleEndian(link.AsSpan(40), message.Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(link.AsSpan(48), message.Step);
        BinaryPrimitives.WriteInt64LittleEndian(link.AsSpan(56), message.Revision);
        link[64] = (byte)message.KindCase;
        SHA256.HashData(payload.Span, link.AsSpan(65));
        _chain = SHA256.HashData(link);
        var isFrame = message.KindCase == WatchRunResponse.KindOneofCase.Snapshot;
        var isNext = !isFrame || Step == -1 || message.Step == Step + 1;
        if (message.Sequence != ++_sequence || !isNext || message.Gap is not null || !message.Chain.Span.SequenceEqual(_chain))
        {
            throw new InvalidDataException($"{message.KindCase} of sequence {message.Sequence} and step {message.Step} does not follow sequence {_sequence - 1} and step {Step}.");
        }

        Step = isFrame ? message.Step : Step;
        HasCaughtUp |= message.CaughtUp is not null;
        Token = message.Token;
    }
}
