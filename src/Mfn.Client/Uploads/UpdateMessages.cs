using System.Runtime.CompilerServices;
using Google.Protobuf;
using Mfn.Contracts.V1;

namespace Mfn.Client.Uploads;

/// <summary>
/// Fills messages with updates: small ones share a message, large ones are cut into chunks. One message is in memory at a time, and none is
/// larger than the limit, if only the spec is not and ids are as short as they have to be.
/// </summary>
internal sealed class UpdateMessages
{
    // Of a field: its tag and its length.
    private const int PrefixBytes = 1 + 5;

    private readonly AggregationSpec _spec;
    private readonly IAsyncEnumerable<RoundUpdate> _updates;
    private readonly int? _count;
    private readonly int _maxMessageBytes;
    private readonly byte[] _buffer;
    private AggregateStreamRequest _message = new();
    private int _messageBytes;
    private int _bufferedBytes;

    public UpdateMessages(AggregationSpec spec, IAsyncEnumerable<RoundUpdate> updates, int? count, int maxMessageBytes)
    {
        _spec = spec.Clone();
        _spec.Encoding = VectorEncoding.Unspecified;
        _updates = updates;
        _count = count;
        _maxMessageBytes = maxMessageBytes;
        _buffer = new byte[maxMessageBytes];
    }

    /// <summary>Whether the last message has been made.</summary>
    public bool AreAllMade { get; private set; }

    /// <summary>The messages, each valid until the next one is asked for.</summary>
    /// <exception cref="ArgumentException">An update has another precision than the first one.</exception>
    public async IAsyncEnumerable<AggregateStreamRequest> MakeAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Begin(new AggregateStreamRequest { Spec = _spec });
        if (_count is { } count)
        {
            // So that a server that has no room for all takes none.
            _message.UpdateCount = count;
        }

        await foreach (var update in _updates.WithCancellation(cancellationToken))
        {
            if (_spec.Encoding == VectorEncoding.Unspecified)
            {
                _spec.Encoding = update.Encoding;
                _messageBytes = _message.CalculateSize();
            }

            if (update.Encoding != _spec.Encoding)
            {
                throw new ArgumentException($"Updates must be all of single or all of double precision, but '{update.ClientId}' differs.");
            }

            var declaration = new UpdateDeclaration { ClientId = update.ClientId, Length = update.Length, ClaimedWeight = update.ClaimedWeight };
            var declarationBytes = declaration.CalculateSize() + PrefixBytes;
            if (_messageBytes > 0 && declarationBytes > _maxMessageBytes - _messageBytes)
            {
                yield return _message;
                Begin(new AggregateStreamRequest());
            }

            _message.Declarations.Add(declaration);
            _messageBytes += declarationBytes;
            for (var start = 0; start < update.Length;)
            {
                start += AddChunk(update, start);
                if (start < update.Length)
                {
                    yield return _message;
                    Begin(new AggregateStreamRequest());
                }
            }
        }

        AreAllMade = true;
        yield return _message;
    }

    /// <summary>The only message of a round as one of a unary call. An update without components has no chunk.</summary>
    public static AggregateRequest ToUnary(AggregateStreamRequest message)
    {
        var request = new AggregateRequest { Spec = message.Spec };
        var chunk = 0;
        foreach (var declaration in message.Declarations)
        {
            request.Updates.Add(new ClientUpdate
            {
                ClientId = declaration.ClientId,
                ClaimedWeight = declaration.ClaimedWeight,
                Values = declaration.Length == 0 ? ByteString.Empty : message.Chunks[chunk++].Values,
            });
        }

        return request;
    }

    private void Begin(AggregateStreamRequest message) => (_message, _messageBytes, _bufferedBytes) = (message, message.CalculateSize(), 0);

    /// <summary>Adds as many components as there is room for; returns how many.</summary>
    private int AddChunk(RoundUpdate update, int start)
    {
        // A message that has nothing yet takes something, however long the id.
        var overhead = CodedOutputStream.ComputeStringSize(update.ClientId) + 1 + (2 * PrefixBytes);
        var room = (_maxMessageBytes - _messageBytes - overhead) / update.ComponentSize;
        var count = Math.Min(update.Length - start, Math.Max(room, _messageBytes == 0 ? 1 : 0));
        if (count <= 0)
        {
            return 0;
        }

        var bytes = update.Bytes(start, count);
        var destination = _buffer.AsMemory(_bufferedBytes, bytes.Length);
        bytes.CopyTo(destination.Span);
        _message.Chunks.Add(new UpdateChunk { ClientId = update.ClientId, Values = UnsafeByteOperations.UnsafeWrap(destination) });
        _bufferedBytes += bytes.Length;
        _messageBytes += overhead + bytes.Length;
        return count;
    }
}
