using System.Buffers;

namespace Grpc.Core;

/// <summary>Collects one message in memory.</summary>
internal sealed class ArraySerializationContext : SerializationContext
{
    private ArrayBufferWriter<byte>? _writer;
    private byte[]? _payload;

    /// <summary>The completed message.</summary>
    /// <exception cref="InvalidOperationException">The serializer did not complete it.</exception>
    public byte[] Payload =>
        _payload ?? throw new InvalidOperationException("The serializer did not complete the message.");

    public override void Complete(byte[] payload)
    {
        ArgumentNullException.ThrowIfNull(payload);
        if (_payload is not null)
        {
            throw new InvalidOperationException("The message is complete already.");
        }

        _payload = payload;
    }

    // The writer grows, so the length is of no use here.
    public override void SetPayloadLength(int payloadLength)
    {
    }

    public override IBufferWriter<byte> GetBufferWriter() => _writer ??= new ArrayBufferWriter<byte>();

    public override void Complete() => Complete(_writer is null ? [] : _writer.WrittenSpan.ToArray());
}
