using System.Buffers;
using Grpc.Core;

namespace Mfn.Server.Tests.GrpcStack;

public class MarshallerTests
{
    [Fact]
    public void StringMarshaller_RoundTrip_IsUtf8()
    {
        var bytes = Marshallers.StringMarshaller.Serializer("mycélium");

        Assert.Equal("mycélium"u8.ToArray(), bytes);
        Assert.Equal("mycélium", Marshallers.StringMarshaller.Deserializer(bytes));
    }

    [Fact]
    public void Contextual_WrittenToABuffer_IsAvailableAsAnArray()
    {
        var marshaller = Marshallers.Create<byte[]>(
            (message, context) =>
            {
                context.SetPayloadLength(message.Length);
                context.GetBufferWriter().Write(message.AsSpan(0, message.Length / 2));
                context.GetBufferWriter().Write(message.AsSpan(message.Length / 2));
                context.Complete();
            },
            context => context.PayloadAsReadOnlySequence().ToArray());

        Assert.Equal([1, 2, 3], marshaller.Serializer([1, 2, 3]));
        Assert.Equal([1, 2, 3], marshaller.Deserializer([1, 2, 3]));
        Assert.Empty(marshaller.Serializer([]));
    }

    [Fact]
    public void Contextual_NeverCompleted_IsRefused()
    {
        var marshaller = Marshallers.Create<string>((_, _) => { }, _ => "");

        Assert.Throws<InvalidOperationException>(() => marshaller.Serializer("lost"));
    }

    [Fact]
    public void Contextual_CompletedTwice_IsRefused()
    {
        var marshaller = Marshallers.Create<string>(
            (_, context) =>
            {
                context.Complete([1]);
                context.Complete([2]);
            },
            _ => "");

        Assert.Throws<InvalidOperationException>(() => marshaller.Serializer("twice"));
    }

    [Fact]
    public void Simple_Functions_AreAvailableThroughContexts()
    {
        var context = new RecordingContext();

        Marshallers.StringMarshaller.ContextualSerializer("ab", context);

        Assert.Equal("ab"u8.ToArray(), context.Payload);
        Assert.Equal("ab", Marshallers.StringMarshaller.ContextualDeserializer(new FixedContext()));
    }

    [Fact]
    public void Contexts_WithoutImplementation_SayThatTheyHaveNone()
    {
        var context = new RecordingContext();

        Assert.Throws<NotImplementedException>(() => context.GetBufferWriter());
        Assert.Throws<NotImplementedException>(() => context.SetPayloadLength(1));
        Assert.Throws<NotImplementedException>(context.Complete);
    }

    private sealed class RecordingContext : SerializationContext
    {
        public byte[]? Payload { get; private set; }

        public override void Complete(byte[] payload) => Payload = payload;
    }

    private sealed class FixedContext : DeserializationContext
    {
        public override int PayloadLength => 2;

        public override byte[] PayloadAsNewBuffer() => "ab"u8.ToArray();
    }
}
