using Google.Protobuf;
using Grpc.Core;
using Mfn.Contracts.V1;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Mfn.Server.Aggregation;

/// <summary>Binds the service like the generated base class, but for the type that uploads are read into.</summary>
[BindServiceMethod(typeof(AggregationServiceBase), nameof(BindService))]
internal abstract class AggregationServiceBase
{
    // Not from the descriptor: nothing that the server does before its first answer reads one.
    private const string ServiceName = "mfn.v1.AggregationService";

    private static readonly Method<AggregateRequest, AggregateResponse> AggregateMethod = new(
        MethodType.Unary,
        ServiceName,
        nameof(Aggregate),
        new Marshaller<AggregateRequest>(Write, context => AggregateRequest.Parser.ParseFrom(context.PayloadAsReadOnlySequence())),
        new Marshaller<AggregateResponse>(Write, context => AggregateResponse.Parser.ParseFrom(context.PayloadAsReadOnlySequence())));

    private static readonly Method<UploadMessage, AggregateStreamResponse> AggregateStreamMethod = new(
        MethodType.DuplexStreaming,
        ServiceName,
        nameof(AggregateStream),
        new Marshaller<UploadMessage>((_, _) => throw new NotSupportedException("Servers do not upload."), UploadMessage.Read),
        new Marshaller<AggregateStreamResponse>(Write, context => AggregateStreamResponse.Parser.ParseFrom(context.PayloadAsReadOnlySequence())));

    /// <summary>Where reflection looks for the contract; a service without it is left out there.</summary>
    public static ServiceDescriptor Descriptor => Contracts.V1.AggregationService.Descriptor;

    /// <summary>What the host calls to learn the methods; it looks their implementations up by itself.</summary>
    public static void BindService(ServiceBinderBase binder, AggregationServiceBase? service)
    {
        binder.AddMethod(AggregateMethod, service is null ? null : service.Aggregate);
        binder.AddMethod(AggregateStreamMethod, service is null ? null : service.AggregateStream);
    }

    public abstract Task<AggregateResponse> Aggregate(AggregateRequest request, ServerCallContext context);

    public abstract Task AggregateStream(
        IAsyncStreamReader<UploadMessage> requestStream, IServerStreamWriter<AggregateStreamResponse> responseStream, ServerCallContext context);

    private static void Write<T>(T message, SerializationContext context)
        where T : IMessage<T>
    {
        context.SetPayloadLength(message.CalculateSize());
        message.WriteTo(context.GetBufferWriter());
        context.Complete();
    }
}
