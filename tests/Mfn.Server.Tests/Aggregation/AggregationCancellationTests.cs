using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Pricing;
using Mfn.Server.Tests.Calls;
using Mfn.Server.Tests.GrpcStack;
using Microsoft.Extensions.Logging;

namespace Mfn.Server.Tests.Aggregation;

/// <summary>A computation that nobody waits for any more ends, as what it is, and leaves nothing behind.</summary>
public sealed class AggregationCancellationTests
{
    private static readonly string[] OneRun = ["Limits:MaxConcurrentComputations=1", "Limits:AggregationThreads=2"];

    /// <summary>Computations that take far longer than the deadlines here.</summary>
    public static TheoryData<string, bool> LongComputations => new()
    {
        { "mda", false }, { "mda", true }, { "bulyan", false }, { "bulyan", true }, { "centered-clipping", false }, { "centered-clipping", true },
        { "nnm", true },
    };

    [Theory, MemberData(nameof(LongComputations))]
    public async Task Aggregate_Cancelled_EndsAsCancelledAndFreesEverything(string kind, bool isStream)
    {
        using var log = new CallLog();
        await using var server = await log.StartServerAsync(OneRun);
        using var cancellation = new CancellationTokenSource();
        var call = CallAsync(server, LongRequest(kind), isStream, cancellation.Token);
        await Patience.UntilAsync(() => server.Places.ComputingCount > 0);

        Assert.InRange(server.AggregationMemory.ReservedBytes, 1, long.MaxValue);
        await cancellation.CancelAsync();
        var error = await Assert.ThrowsAsync<RpcException>(() => call.Within());

        Assert.Equal(StatusCode.Cancelled, error.StatusCode);
        Assert.Equal((LogLevel.Information, $"{Method(isStream)} ended by its client with Cancelled"), await log.First.Within());
        await AssertFreeAsync(server);
    }

    // By plain HTTP/2: the client would answer its deadline itself. A unary call is not even begun.
    [Theory, MemberData(nameof(LongComputations))]
    public async Task Aggregate_DeadlineTooShort_IsDeadlineExceededAndFreesEverything(string kind, bool isStream)
    {
        using var log = new CallLog();
        await using var server = await log.StartServerAsync(OneRun);
        var request = LongRequest(kind);

        var answer = isStream
            ? await RawCall.PostAsync(server.Address, Method(isStream), Whole(request), ["grpc-timeout", "2S"])
            : await RawCall.PostAsync(server.Address, Method(isStream), request, ["grpc-timeout", "2S"]);

        Assert.Equal($"{(int)StatusCode.DeadlineExceeded}", answer.Headers["grpc-status"]);
        var (level, message) = await log.First.Within();
        Assert.Equal(LogLevel.Information, level);
        Assert.StartsWith(
            isStream ? $"{Method(isStream)} ended by its client with DeadlineExceeded" : $"{Method(isStream)} refused with DeadlineExceeded: The call takes about ",
            message,
            StringComparison.Ordinal);
        await AssertFreeAsync(server);
    }

    /// <summary>One that was let in, since it was thought to take far less time than it does.</summary>
    [Fact]
    public async Task Aggregate_WhoseDeadlinePassesWhileItComputes_IsDeadlineExceededAndFreesEverything()
    {
        using var log = new CallLog();
        await using var server = await log.StartServerAsync(OneRun);
        var request = LongRequest("centered-clipping");
        var cost = await server.Simulation.EstimateCostAsync(new EstimateCostRequest { Aggregation = new AggregationCost { Spec = request.Spec, UpdateCount = request.Updates.Count } });
        var round = cost.Parts.Single(part => part.Work.StartsWith("round ", StringComparison.Ordinal));
        server.Calibration.Note(WorkKind.Of(round.Work, 8 * 100_000), round.PredictedSeconds, TimeSpan.FromMilliseconds(1));

        var answering = RawCall.PostAsync(server.Address, Method(isStream: false), request, ["grpc-timeout", "2S"]);
        await Patience.UntilAsync(() => server.Places.ComputingCount == 1);
        var answer = await answering.Within();

        Assert.Equal($"{(int)StatusCode.DeadlineExceeded}", answer.Headers["grpc-status"]);
        Assert.Equal((LogLevel.Information, $"{Method(isStream: false)} ended by its client with DeadlineExceeded"), await log.First.Within());
        await AssertFreeAsync(server);
        Assert.Equal((0, server.Quotas.Totals.Reserved), (server.Quotas.Totals.Outstanding, server.Quotas.Totals.Settled + server.Quotas.Totals.Refunded));
    }

    private static string Method(bool isStream) => $"/mfn.v1.AggregationService/{(isStream ? "AggregateStream" : "Aggregate")}";

    /// <summary>The place and the memory are free, and the next run is served.</summary>
    private static async Task AssertFreeAsync(TestServer server)
    {
        await Patience.UntilAsync(() => server.Places.TakenCount == 0);

        Assert.Equal((0, 0), (server.Places.ComputingCount, server.AggregationMemory.ReservedBytes));
        var next = await server.Aggregation.AggregateAsync(Rounds.Request(Rounds.Median, 1, Rounds.Ramp));
        Assert.Equal([4, 5, 6], Rounds.Floats(next.Values));
    }

    private static async Task CallAsync(TestServer server, AggregateRequest request, bool isStream, CancellationToken cancellationToken)
    {
        if (!isStream)
        {
            await server.Aggregation.AggregateAsync(request, cancellationToken: cancellationToken);
            return;
        }

        using var call = server.Aggregation.AggregateStream(cancellationToken: cancellationToken);
        await call.RequestStream.WriteAsync(Whole(request), cancellationToken);
        await call.RequestStream.CompleteAsync();
        await Rounds.ReadAsync(call.ResponseStream);
    }

    private static AggregateStreamRequest Whole(AggregateRequest request) => new()
    {
        Spec = request.Spec,
        Declarations = { request.Updates.Select(update => new UpdateDeclaration { ClientId = update.ClientId, Length = update.Values.Length / sizeof(float) }) },
        Chunks = { request.Updates.Select(update => new UpdateChunk { ClientId = update.ClientId, Values = update.Values }) },
    };

    private static AggregateRequest LongRequest(string kind)
    {
        switch (kind)
        {
            case "mda":
                // Neighbours in a ring are farther apart than others: whether 24 cover these pairs takes minutes to find out.
                return Rounds.Request(new AggregationRule { MinimumDiameterAveraging = new MinimumDiameterAveragingRule() }, 24, Ring(900));
            case "bulyan":
                return Rounds.Request(new AggregationRule { Bulyan = new BulyanRule() }, 10, Rounds.Matrix(5000, 1));
            case "centered-clipping":
                var clipping = new CenteredClippingRule { Radius = 1e-3, StepCount = 10_000 };
                return Rounds.Request(new AggregationRule { CenteredClipping = clipping }, 1, Rounds.Matrix(8, 100_000));
            case "nnm":
                var mixed = Rounds.Request(new AggregationRule { Bulyan = new BulyanRule() }, 10, Rounds.Matrix(3000, 300));
                mixed.Spec.PreAggregations.Add(new PreAggregation { NearestNeighborMixing = new NearestNeighborMixing() });
                return mixed;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such computation.");
        }
    }

    private static float[][] Ring(int count)
    {
        var rows = Enumerable.Range(0, count).Select(_ => new float[count]).ToArray();
        for (var i = 0; i < count; i++)
        {
            rows[i][i] = 1;
            rows[i][(i + 1) % count] = rows[i][(i + count - 1) % count] = -0.125f;
        }

        return rows;
    }
}
