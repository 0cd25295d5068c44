using Grpc.Core;
using Mfn.Server.Tests.Aggregation;

namespace Mfn.Server.Tests.Observability;

/// <summary>Calls that aggregate.</summary>
internal static class TracedRounds
{
    private static readonly float[][] Five = [.. Enumerable.Range(0, 5).Select(i => new float[] { i, i })];

    public static IReadOnlyDictionary<string, Func<TestServer, Metadata, Task>> Calls { get; } = new Dictionary<string, Func<TestServer, Metadata, Task>>
    {
        ["krum"] = async (server, headers) => await server.Aggregation.AggregateAsync(Rounds.Request(Rounds.Krum(), 1, Five), headers),
        ["median"] = async (server, headers) => await server.Aggregation.AggregateAsync(Rounds.Request(Rounds.Median, 1, Rounds.Ramp), headers),
        ["aggregate stream"] = UploadAsync,
    };

    private static async Task UploadAsync(TestServer server, Metadata headers)
    {
        using var call = server.Aggregation.AggregateStream(headers);
        foreach (var message in Rounds.Whole(Rounds.Spec(Rounds.Krum(), 2, 1), Five))
        {
            await call.RequestStream.WriteAsync(message);
        }

        await call.RequestStream.CompleteAsync();
        await call.ResponseStream.DrainAsync();
    }
}
