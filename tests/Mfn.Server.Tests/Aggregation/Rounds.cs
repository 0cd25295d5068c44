using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Aggregation;

/// <summary>Makes and sends rounds.</summary>
internal static class Rounds
{
    public static readonly float[][] Ramp = [[1, 2, 3], [4, 5, 6], [7, 8, 9]];

    public static AggregationRule Krum(KrumVariant variant = KrumVariant.Unspecified) => new() { Krum = new KrumRule { Variant = variant } };

    public static AggregationRule Median => new() { Median = new MedianRule() };

    public static AggregationSpec Spec(AggregationRule rule, int length, int byzantineCount, params PreAggregation[] preAggregations) => new()
    {
        Length = length,
        ByzantineCount = byzantineCount,
        Rule = rule,
        PreAggregations = { preAggregations },
    };

    public static AggregateRequest Request(AggregationRule rule, int byzantineCount, params float[][] rows) => new()
    {
        Spec = Spec(rule, rows[0].Length, byzantineCount),
        Updates = { rows.Select((row, i) => Update($"{i:D4}", row)) },
    };

    public static ClientUpdate Update(string clientId, params float[] components) => new() { ClientId = clientId, Values = Bytes<float>(components) };

    /// <summary>A number for every place, different and of different sizes.</summary>
    public static float[][] Matrix(int count, int length) =>
        [.. Enumerable.Range(0, count).Select(i => Enumerable.Range(0, length).Select(j => (float)Math.Sin((i * 0.7) + (j * 1.3)) * (1 + (i % 3))).ToArray())];

    public static ByteString Bytes<T>(params ReadOnlySpan<T> components)
        where T : struct => ByteString.CopyFrom(MemoryMarshal.AsBytes(components));

    public static float[] Floats(ByteString bytes) => MemoryMarshal.Cast<byte, float>(bytes.Span).ToArray();

    public static AggregateStreamRequest Declare(string clientId, int length) =>
        new() { Declarations = { new UpdateDeclaration { ClientId = clientId, Length = length } } };

    public static AggregateStreamRequest Chunk(string clientId, params float[] components) => Chunk(clientId, Bytes<float>(components));

    public static AggregateStreamRequest Chunk(string clientId, ByteString bytes) =>
        new() { Chunks = { new UpdateChunk { ClientId = clientId, Values = bytes } } };

    /// <summary>Declares and sends every row in one chunk.</summary>
    public static IEnumerable<AggregateStreamRequest> Whole(AggregationSpec spec, float[][] rows) =>
    [
        new AggregateStreamRequest { Spec = spec },
        .. rows.SelectMany((row, i) => new[] { Declare($"{i:D4}", row.Length), Chunk($"{i:D4}", row) }),
    ];

    /// <summary>Sends the messages, and puts together what comes back.</summary>
    public static async Task<(AggregationDecision Decision, float[] Vector)> StreamAsync(TestServer server, IEnumerable<AggregateStreamRequest> messages)
    {
        using var call = server.Aggregation.AggregateStream();
        var reading = ReadAsync(call.ResponseStream);
        foreach (var message in messages)
        {
            try
            {
                await call.RequestStream.WriteAsync(message).Within();
            }
            catch (RpcException)
            {
                // The server has ended the call; the responses say why.
                return await reading.Within();
            }
        }

        await call.RequestStream.CompleteAsync().Within();
        return await reading.Within();
    }

    public static async Task<(AggregationDecision Decision, float[] Vector)> ReadAsync(IAsyncStreamReader<AggregateStreamResponse> responses)
    {
        var decision = new AggregationDecision();
        var vector = new List<float>();
        await foreach (var response in responses.ReadAllAsync())
        {
            if (response.Decision is { } part)
            {
                Assert.Empty(vector);
                decision.MergeFrom(part);
                continue;
            }

            Assert.Equal(vector.Count, response.Chunk.Offset);
            vector.AddRange(Floats(response.Chunk.Values));
        }

        return (decision, [.. vector]);
    }

    /// <summary>A call that takes no place among the runs, for whoever waits until the server has come to something.</summary>
    public static async Task AskSomethingElseAsync(TestServer server) =>
        await server.Membrane.ComputeNernstPotentialAsync(new ComputeNernstPotentialRequest { Valence = 1, OutsideMolar = 0.005, InsideMolar = 0.14 });

    /// <summary>The only detail of a status.</summary>
    public static T Detail<T>(RpcException error)
        where T : class, IMessage<T>, new()
    {
        var status = Google.Rpc.Status.Parser.ParseFrom(error.Trailers.GetValueBytes("grpc-status-details-bin"));
        Assert.Equal(((int)error.StatusCode, error.Status.Detail), (status.Code, status.Message));
        return Assert.Single(status.Details).Unpack<T>();
    }
}
