using System.Buffers;

namespace Grpc.Core;

/// <summary>
/// Where a serializer puts one message: either an array at once, or a length, bytes through a writer, and completion.
/// </summary>
public abstract class SerializationContext
{
    /// <summary>Takes the whole message; nothing may follow. The array must not change afterwards.</summary>
    /// <exception cref="NotImplementedException">The context does not support it.</exception>
    public virtual void Complete(byte[] payload) => throw new NotImplementedException();

    /// <summary>The writer that takes the bytes of the message until <see cref="Complete()"/>.</summary>
    /// <exception cref="NotImplementedException">The context does not support it.</exception>
    public virtual IBufferWriter<byte> GetBufferWriter() => throw new NotImplementedException();

    /// <summary>Announces the exact length in bytes, before the writer is asked for.</summary>
    /// <exception cref="NotImplementedException">The context does not support it.</exception>
    public virtual void SetPayloadLength(int payloadLength) => throw new NotImplementedException();

    /// <summary>Ends the message that was written through the writer.</summary>
    /// <exception cref="NotImplementedException">The context does not support it.</exception>
    public virtual void Complete() => throw new NotImplementedException();
}
