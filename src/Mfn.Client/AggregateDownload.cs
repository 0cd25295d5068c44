using System.Buffers.Binary;
using Google.Protobuf;
using Grpc.Core;
using Mfn.Contracts.V1;

namespace Mfn.Client;

/// <summary>Puts together what the server answers.</summary>
internal static class AggregateDownload
{
    public static RoundResult Read(AggregateResponse response)
    {
        var vector = new float[response.Values.Length / sizeof(float)];
        Decode(response.Values, vector);
        return new RoundResult(response.Decision, vector);
    }

    /// <exception cref="RpcException">The call failed.</exception>
    /// <exception cref="InvalidDataException">The chunks do not follow one another, or are not as many as the spec says.</exception>
    public static async Task<RoundResult> ReadAsync(IAsyncStreamReader<AggregateStreamResponse> responses, int length, CancellationToken cancellationToken)
    {
        var decision = new AggregationDecision();
        float[] vector = [];
        var filled = 0;
        await foreach (var response in responses.ReadAllAsync(cancellationToken))
        {
            if (response.KindCase == AggregateStreamResponse.KindOneofCase.Decision)
            {
                decision.MergeFrom(response.Decision);
                continue;
            }

            var (offset, values) = (response.Chunk.Offset, response.Chunk.Values);
            if (offset != filled || values.Length / sizeof(float) > length - filled)
            {
                throw new InvalidDataException($"The server sent {values.Length} bytes from component {offset} on, where component {filled} of {length} was due.");
            }

            vector = filled == 0 ? new float[length] : vector;
            Decode(values, vector.AsSpan(filled));
            filled += values.Length / sizeof(float);
        }

        return filled == length
            ? new RoundResult(decision, vector)
            : throw new InvalidDataException($"The server sent {filled} of {length} components.");
    }

    private static void Decode(ByteString values, Span<float> destination)
    {
        var bytes = values.Span;
        for (var i = 0; i < bytes.Length / sizeof(float); i++)
        {
            destination[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * sizeof(float))..]);
        }
    }
}
