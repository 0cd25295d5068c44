using System.Buffers;
using Google.Protobuf;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Calls;

namespace Mfn.Server.Aggregation;

/// <summary>
/// An AggregateStreamRequest, whose chunks are views of memory that is lent until the message is disposed: the generated class would
/// allocate every chunk, and so once more all that a client uploads.
/// </summary>
internal sealed class UploadMessage : IUnboundRequest, IDisposable
{
    private const uint ClientIdTag = (UpdateChunk.ClientIdFieldNumber << 3) | (uint)WireFormat.WireType.LengthDelimited;
    private const uint ValuesTag = (UpdateChunk.ValuesFieldNumber << 3) | (uint)WireFormat.WireType.LengthDelimited;
    private const uint SpecTag = (AggregateStreamRequest.SpecFieldNumber << 3) | (uint)WireFormat.WireType.LengthDelimited;
    private const uint DeclarationsTag = (AggregateStreamRequest.DeclarationsFieldNumber << 3) | (uint)WireFormat.WireType.LengthDelimited;
    private const uint ChunksTag = (AggregateStreamRequest.ChunksFieldNumber << 3) | (uint)WireFormat.WireType.LengthDelimited;
    private const uint UpdateCountTag = (AggregateStreamRequest.UpdateCountFieldNumber << 3) | (uint)WireFormat.WireType.Varint;

    private readonly List<UpdateDeclaration> _declarations = [];
    private readonly List<Chunk> _chunks = [];
    private byte[]? _bytes;

    private UploadMessage(byte[] bytes, int length)
    {
        _bytes = bytes;
        var input = new CodedInputStream(bytes, 0, length);
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            switch (tag)
            {
                case SpecTag:
                    Spec ??= new AggregationSpec();
                    input.ReadMessage(Spec);
                    break;
                case UpdateCountTag:
                    UpdateCount = input.ReadInt32();
                    break;
                case DeclarationsTag:
                    var declaration = new UpdateDeclaration();
                    input.ReadMessage(declaration);
                    _declarations.Add(declaration);
                    break;
                case ChunksTag:
                    _chunks.Add(ReadChunk(Skip(input)));
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }
    }

    public AggregationSpec? Spec { get; }

    public int? UpdateCount { get; }

    public IReadOnlyList<UpdateDeclaration> Declarations => _declarations;

    /// <summary>Valid until the message is disposed.</summary>
    public IReadOnlyList<Chunk> Chunks => _chunks;

    public IMessage Texts => new AggregateStreamRequest
    {
        Declarations = { _declarations },
        Chunks = { _chunks.Select(chunk => new UpdateChunk { ClientId = chunk.ClientId }) },
    };

    /// <exception cref="InvalidProtocolBufferException">The bytes are no such message.</exception>
    public static UploadMessage Read(DeserializationContext context)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(context.PayloadLength);
        context.PayloadAsReadOnlySequence().CopyTo(bytes);
        return new UploadMessage(bytes, context.PayloadLength);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _bytes, null) is { } bytes)
        {
            _chunks.Clear();
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private Chunk ReadChunk((int Start, int Length) field)
    {
        var chunk = new Chunk("", default);
        var input = new CodedInputStream(_bytes, field.Start, field.Length);
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            switch (tag)
            {
                case ClientIdTag:
                    chunk = chunk with { ClientId = input.ReadString() };
                    break;
                case ValuesTag:
                    var (start, length) = Skip(input);
                    chunk = chunk with { Values = _bytes.AsMemory(start, length) };
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        return chunk;
    }

    /// <summary>Skips a field whose tag was read; returns where its content is.</summary>
    private (int Start, int Length) Skip(CodedInputStream input)
    {
        var start = (int)input.Position;
        input.SkipLastField();
        var end = (int)input.Position;
        var length = new CodedInputStream(_bytes, start, end - start).ReadLength();
        return (end - length, length);
    }

    /// <summary>Part of an update.</summary>
    internal readonly record struct Chunk(string ClientId, ReadOnlyMemory<byte> Values);
}
