using Google.Protobuf;
using Grpc.Core;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Calls;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Aggregation;

/// <summary>An upload has no place until it is complete, and what it holds is given back however it ends.</summary>
public sealed class UploadPlaceTests
{
    private const int Length = 100_000;

    private static readonly AggregateStreamRequest Start = new() { Spec = Rounds.Spec(Rounds.Median, Length, 1) };

    [Fact]
    public async Task AggregateStream_NoPlaceLeft_IsRefusedBeforeAnythingIsUploaded()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxConcurrentComputations=1");
        using var first = await BeginAsync(server);
        var place = server.Places.Take();
        var error = await Assert.ThrowsAsync<RpcException>(() => UploadWithoutEndAsync(server).Within());
        var unary = await Assert.ThrowsAsync<RpcException>(async () => await server.Aggregation.AggregateAsync(Rounds.Request(Rounds.Median, 0, Rounds.Ramp)));

        Assert.All([error, unary], each => Assert.Equal(
            (StatusCode.ResourceExhausted, "The most computations that the server allows, 1, are under way. Try again when one has ended."),
            (each.StatusCode, each.Status.Detail)));
        Assert.Equal(TimeSpan.FromSeconds(1), error.GetRetryDelay());

        // What has begun waits for its turn.
        var serving = AssertServedAsync(first);
        await Rounds.AskSomethingElseAsync(server);
        Assert.False(serving.IsCompleted);
        place.Dispose();
        await serving;
        Assert.Equal((0, 0), (server.Places.TakenCount + server.Places.UploadCount, server.AggregationMemory.ReservedBytes));
    }

    /// <summary>A server that refused only at the end would never see it.</summary>
    private static async Task UploadWithoutEndAsync(TestServer server)
    {
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address });
        await client.AggregateAsync(Start.Spec, Enumerable.Range(0, int.MaxValue).Select(i => new RoundUpdate($"{i:D10}", new float[Length])));
    }

    [Theory]
    [InlineData("unknown client", StatusCode.InvalidArgument)]
    [InlineData("spec again", StatusCode.InvalidArgument)]
    [InlineData("incomplete", StatusCode.InvalidArgument)]
    [InlineData("too few", StatusCode.FailedPrecondition)]
    [InlineData("too large", StatusCode.ResourceExhausted)]
    [InlineData("too large a message", StatusCode.ResourceExhausted)]
    [InlineData("silent", StatusCode.ResourceExhausted)]
    public async Task AggregateStream_RefusedOnTheWay_GivesItsPlaceBack(string kind, StatusCode expected)
    {
        await using var server = await TestServer.StartAsync("Limits:MaxConcurrentComputations=1", "Streaming:ReadTimeout=00:00:02", "Limits:MaxAggregationBytes=10000000");
        using var call = await BeginAsync(server);

        // The server may end the call while it is being written to.
        var writing = Record.ExceptionAsync(async () =>
        {
            foreach (var message in Messages(kind))
            {
                await call.RequestStream.WriteAsync(message);
            }

            if (kind != "silent")
            {
                await call.RequestStream.CompleteAsync();
            }
        });
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None).Within());
        await writing.AsTask().Within();

        Assert.Equal(expected, error.StatusCode);
        Assert.Equal((0, 0), (server.Places.TakenCount + server.Places.UploadCount, server.AggregationMemory.ReservedBytes));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AggregateStream_ClientGone_GivesItsPlaceBack(bool byClosingTheConnection)
    {
        await using var server = await TestServer.StartAsync("Limits:MaxConcurrentComputations=1");
        using var channel = server.Connect();
        using var call = new AggregationService.AggregationServiceClient(channel).AggregateStream();
        await call.RequestStream.WriteAsync(Start);
        await UntilAdmittedAsync(server);

        if (byClosingTheConnection)
        {
            channel.Dispose();
        }
        else
        {
            call.Dispose();
        }

        await server.Places.StopAccepting().Within();
        Assert.Equal((0, 0), (server.Places.TakenCount + server.Places.UploadCount, server.AggregationMemory.ReservedBytes));
    }

    [Fact]
    public async Task AggregateStream_UploadThatTricklesIn_EndsAfterTheUploadTimeout()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxConcurrentComputations=1", "Streaming:UploadTimeout=00:00:02");
        using var call = await BeginAsync(server);

        // Never silent, and never done: empty messages are progress to nobody.
        var trickling = Record.ExceptionAsync(async () =>
        {
            while (true)
            {
                await call.RequestStream.WriteAsync(new AggregateStreamRequest());
                await Rounds.AskSomethingElseAsync(server);
            }
        });
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None).Within());
        await trickling.AsTask().Within();

        Assert.Equal((StatusCode.ResourceExhausted, "The client's upload was not complete after 00:00:02."), (error.StatusCode, error.Status.Detail));
        Assert.Equal(0, server.Places.TakenCount + server.Places.UploadCount);
    }

    [Fact]
    public async Task AggregateStream_ServerStops_EndsTheUploadAfterTheDrainTime()
    {
        await using var server = await TestServer.StartAsync("Shutdown:DrainTime=00:00:01");
        using var call = await BeginAsync(server);

        var stopping = server.StopAsync();
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None).Within());
        await stopping.Within();

        Assert.Equal((StatusCode.Unavailable, "The server is stopping."), (error.StatusCode, error.Status.Detail));
        Assert.Equal((0, 0), (server.Places.TakenCount + server.Places.UploadCount, server.AggregationMemory.ReservedBytes));
    }

    /// <summary>The drain time ends when headers go ahead of the answers: some calls are between the two.</summary>
    [Fact]
    public async Task AggregateStream_ServerStopsWhileHeadersGo_EndsEveryUploadWithAStatus()
    {
        await using var server = await TestServer.StartAsync($"Shutdown:DrainTime={ResponseWriter.HeadersDelay}");
        var calls = new List<AsyncDuplexStreamingCall<AggregateStreamRequest, AggregateStreamResponse>>();
        for (var i = 0; i < 60; i++)
        {
            calls.Add(server.Aggregation.AggregateStream());
            await calls[i].RequestStream.WriteAsync(Start);
        }

        await Patience.UntilAsync(() => server.Places.UploadCount >= calls.Count);

        var stopping = server.StopAsync();
        var errors = await Task.WhenAll(
            calls.Select(call => Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None).Within())));
        await stopping.Within();

        Assert.All(errors, error => Assert.Equal((StatusCode.Unavailable, "The server is stopping."), (error.StatusCode, error.Status.Detail)));
        calls.ForEach(call => call.Dispose());
    }

    [Fact]
    public async Task Uploads_AsManyAsThereArePlaces_KeepNobodyFromComputing()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxConcurrentComputations=4");
        var uploads = new List<AsyncDuplexStreamingCall<AggregateStreamRequest, AggregateStreamResponse>>();
        for (var i = 0; i < 40; i++)
        {
            uploads.Add(server.Aggregation.AggregateStream());
            await uploads[i].RequestStream.WriteAsync(Start);
        }

        await Patience.UntilAsync(() => server.Places.UploadCount >= uploads.Count);

        Assert.Equal(64, (await server.Simulation.SimulateAsync(new SimulateRequest()).ResponseAsync.Within()).Summary.Spec.Steps);
        uploads.ForEach(upload => upload.Dispose());
    }

    [Fact]
    public async Task AggregateStream_ThatStopsWhileItHoldsMemory_IsEndedAfterTheGracePeriod()
    {
        await using var server = await TestServer.StartAsync("Streaming:UploadGracePeriod=00:00:01");
        using var call = await BeginAsync(server);
        await call.RequestStream.WriteAsync(Rounds.Declare("a", Length));
        await call.RequestStream.WriteAsync(Rounds.Chunk("a", 1));
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None).Within());

        Assert.Equal(
            (StatusCode.ResourceExhausted, "The client's upload came more slowly than 32768 bytes a second for more than 00:00:01, while it held memory (Streaming:MinBytesPerSecond)."),
            (error.StatusCode, error.Status.Detail));
        Assert.Equal((0, 0), (server.Places.TakenCount + server.Places.UploadCount, server.AggregationMemory.ReservedBytes));
    }

    [Fact]
    public async Task AggregateStream_DeclaredOnly_HoldsNothing()
    {
        // A gigabyte each, of four that there are.
        await using var server = await TestServer.StartAsync("Limits:MaxTotalAggregationBytes=1073741824");
        var uploads = new List<AsyncDuplexStreamingCall<AggregateStreamRequest, AggregateStreamResponse>>();
        for (var i = 0; i < 10; i++)
        {
            uploads.Add(server.Aggregation.AggregateStream());
            await uploads[i].RequestStream.WriteAsync(new AggregateStreamRequest { Spec = Rounds.Spec(Rounds.Median, 1_000_000, 1), UpdateCount = 200 });
            await uploads[i].RequestStream.WriteAsync(Rounds.Declare("a", 1_000_000));
            await uploads[i].RequestStream.WriteAsync(Rounds.Chunk("a", 1));
        }

        await Patience.UntilAsync(() => server.AggregationMemory.ReservedBytes >= 10 << 16);

        // Each has begun with one component, for which it has the least room.
        Assert.Equal(10 << 16, server.AggregationMemory.ReservedBytes);
        uploads.ForEach(upload => upload.Dispose());
    }

    private static IEnumerable<AggregateStreamRequest> Messages(string kind) => kind switch
    {
        "unknown client" => [Rounds.Chunk("a", 1)],
        "spec again" => [Start],
        "incomplete" => [Rounds.Declare("a", Length), Rounds.Chunk("a", 1)],
        "too few" => [Rounds.Declare("a", Length), Rounds.Chunk("a", new float[Length])],
        "too large" => Enumerable.Range(0, 20).Select(i => Rounds.Declare($"{i}", Length)),
        "too large a message" => [Rounds.Declare("a", Length), Rounds.Chunk("a", ByteString.CopyFrom(new byte[5_000_000]))],
        "silent" => [Rounds.Declare("a", Length), Rounds.Chunk("a", new float[Length])],
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such kind."),
    };

    /// <summary>An upload that has its place.</summary>
    private static async Task<AsyncDuplexStreamingCall<AggregateStreamRequest, AggregateStreamResponse>> BeginAsync(TestServer server)
    {
        var call = server.Aggregation.AggregateStream();
        await call.RequestStream.WriteAsync(Start);
        await UntilAdmittedAsync(server);
        return call;
    }

    private static async Task AssertServedAsync(AsyncDuplexStreamingCall<AggregateStreamRequest, AggregateStreamResponse> begun)
    {
        foreach (var message in Rounds.Whole(Start.Spec, Rounds.Matrix(3, Length)).Skip(1))
        {
            await begun.RequestStream.WriteAsync(message);
        }

        await begun.RequestStream.CompleteAsync();
        Assert.Equal(Length, (await Rounds.ReadAsync(begun.ResponseStream).Within()).Vector.Length);
    }

    private static async Task UntilAdmittedAsync(TestServer server)
    {
        await Patience.UntilAsync(() => server.Places.UploadCount > 0);
    }
}
