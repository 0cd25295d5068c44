using Google.Protobuf;
using Mfn.Contracts.V1;

namespace Mfn.Client;

/// <summary>Fills messages with updates: small ones share a message, large ones are cut into chunks. One message is in memory at a time.</summary>
internal sealed class UpdateUpload
{
    private const int MessageLength = 512 * 1024;

    // What names and tags of an update take beside its bytes.
    private const int Overhead = 512;

    private readonly AggregationSpec _spec;
    private readonly IEnumerable<RoundUpdate> _updates;
    private readonly byte[] _buffer = new byte[MessageLength];

    public UpdateUpload(AggregationSpec spec, IEnumerable<RoundUpdate> updates)
    {
        _spec = spec.Clone();
        _spec.Encoding = VectorEncoding.Unspecified;
        _updates = updates;
    }

    /// <summary>The messages, each valid until the next one is asked for, and whether it is the last.</summary>
    /// <exception cref="ArgumentException">An update has another precision than the first one.</exception>
    public IEnumerable<(AggregateStreamRequest Message, bool IsLast)> Messages()
    {
        var message = new AggregateStreamRequest { Spec = _spec };
        if (CountOf(_updates) is { } count)
        {
            // So that a server that has no room for all takes none.
            message.UpdateCount = count;
        }

        // A start of centered clipping may fill the first message by itself.
        var used = Math.Min(_spec.CalculateSize(), MessageLength);
        foreach (var update in _updates)
        {
            // The first update is in the first message, as the spec is.
            _spec.Encoding = _spec.Encoding == VectorEncoding.Unspecified ? update.Encoding : _spec.Encoding;
            if (update.Encoding != _spec.Encoding)
            {
                throw new ArgumentException($"Updates must be all of single or all of double precision, but '{update.ClientId}' differs.");
            }

            message.Declarations.Add(Declare(update));
            for (var start = 0; start < update.Length;)
            {
                var length = Math.Min(update.Length - start, (MessageLength - used) / update.ComponentSize);
                if (length > 0)
                {
                    message.Chunks.Add(Cut(update, start, length, used));
                    start += length;
                    used += length * update.ComponentSize;
                }

                if (start < update.Length)
                {
                    yield return (message, false);
                    (message, used) = (new AggregateStreamRequest(), 0);
                }
            }

            used += Overhead;
            if (used + Overhead >= MessageLength)
            {
                yield return (message, false);
                (message, used) = (new AggregateStreamRequest(), 0);
            }
        }

        yield return (message, true);
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

    private static int? CountOf(IEnumerable<RoundUpdate> updates) => updates is IReadOnlyCollection<RoundUpdate> collection ? collection.Count
        : updates.TryGetNonEnumeratedCount(out var count) ? count
        : null;

    private static UpdateDeclaration Declare(RoundUpdate update) =>
        new() { ClientId = update.ClientId, Length = update.Length, ClaimedWeight = update.ClaimedWeight };

    private UpdateChunk Cut(RoundUpdate update, int start, int count, int offset)
    {
        var bytes = update.Bytes(start, count);
        bytes.CopyTo(_buffer.AsSpan(offset));
        return new UpdateChunk { ClientId = update.ClientId, Values = UnsafeByteOperations.UnsafeWrap(_buffer.AsMemory(offset, bytes.Length)) };
    }
}
