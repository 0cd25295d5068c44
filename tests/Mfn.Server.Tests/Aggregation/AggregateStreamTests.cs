using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Aggregation;

public sealed class AggregateStreamTests
{
    public static TheoryData<int, bool> ChunkSizes => new() { { 1, false }, { 3, true }, { 4, false }, { 7, true }, { 1000, false }, { 1 << 20, true } };

    [Theory, MemberData(nameof(ChunkSizes))]
    public async Task AggregateStream_AnyChunksInterleaved_AnswersAsAggregateDoes(int chunkSize, bool isDouble)
    {
        await using var server = await TestServer.StartAsync();
        var rows = Rounds.Matrix(7, 50);
        rows[3][49] = float.NaN;
        var request = Rounds.Request(Rounds.Krum(), 1, rows);
        if (isDouble)
        {
            request.Spec.Encoding = VectorEncoding.Float64;
            foreach (var (update, row) in request.Updates.Zip(rows))
            {
                update.Values = Rounds.Bytes<double>([.. row.Select(component => (double)component)]);
            }
        }

        var expected = await server.Aggregation.AggregateAsync(request);
        var (decision, vector) = await Rounds.StreamAsync(server, Interleave(request, chunkSize));

        Assert.Equal(expected.Decision, decision);
        Assert.Equal(Rounds.Floats(expected.Values), vector);
        Assert.Equal(("0003", ExclusionReason.NotFinite), (decision.Excluded[0].ClientId, decision.Excluded[0].Reason));
        Assert.Equal(0, server.AggregationMemory.ReservedBytes);
    }

    // Bulyan needs the distances and sorts columns; 300 of them are in two tiles, which threads share.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task AggregateStream_ThousandPermutationsInAnyChunks_GiveOneAnswer(int threadCount)
    {
        await using var server = await TestServer.StartAsync($"Limits:AggregationThreads={threadCount}");
        var request = Rounds.Request(new AggregationRule { Bulyan = new BulyanRule() }, 2, Rounds.Matrix(11, 300));
        var expected = await server.Aggregation.AggregateAsync(request);
        var random = new Random(threadCount);
        for (var i = 0; i < 1000; i++)
        {
            var updates = request.Updates.ToArray();
            random.Shuffle(updates);
            var shuffled = new AggregateRequest { Spec = request.Spec, Updates = { updates } };
            foreach (var chunkSize in new[] { 37, 128, 1199, 1200 })
            {
                var message = new AggregateStreamRequest();
                foreach (var part in Interleave(shuffled, chunkSize))
                {
                    message.MergeFrom(part);
                }

                var (decision, vector) = await Rounds.StreamAsync(server, [message]);

                Assert.Equal(expected.Decision, decision);
                Assert.Equal(Rounds.Floats(expected.Values), vector);
            }
        }
    }

    [Fact]
    public async Task AggregateStream_EverythingInOneMessage_IsTaken()
    {
        await using var server = await TestServer.StartAsync();
        var message = new AggregateStreamRequest();
        foreach (var part in Rounds.Whole(Rounds.Spec(Rounds.Median, 3, 1), Rounds.Ramp))
        {
            message.MergeFrom(part);
        }

        var (decision, vector) = await Rounds.StreamAsync(server, [message]);

        Assert.Equal([4, 5, 6], vector);
        Assert.Equal(["0000", "0001", "0002"], decision.Selected);
    }

    [Fact]
    public async Task AggregateStream_LongAggregate_ComesInChunksThatAnyClientAccepts()
    {
        await using var server = await TestServer.StartAsync();
        var rows = Rounds.Matrix(2, 1_500_000);
        var spec = Rounds.Spec(Rounds.Median, 1_500_000, 0);
        IEnumerable<AggregateStreamRequest> messages =
        [
            new AggregateStreamRequest { Spec = spec },
            .. rows.SelectMany((row, i) => row.Chunk(700_001).Select(part => Rounds.Chunk($"{i}", part)).Prepend(Rounds.Declare($"{i}", row.Length))),
        ];

        var (_, vector) = await Rounds.StreamAsync(server, messages);

        Assert.Equal(rows[0].Zip(rows[1]).Select(pair => (float)(((double)pair.First + pair.Second) / 2)), vector);
    }

    [Fact]
    public async Task AggregateStream_ManyClients_GetTheDecisionInParts()
    {
        await using var server = await TestServer.StartAsync();
        var rows = Rounds.Matrix(10_000, 1);
        var rule = new AggregationRule { HierarchicalKrum = new HierarchicalKrumRule { ClusterCount = 100, Seed = 3 } };
        var message = new AggregateStreamRequest { Spec = Rounds.Spec(rule, 1, 1000) };
        foreach (var (i, row) in rows.Index())
        {
            // Ids as long as they may be make the decision too long for one message.
            var id = $"{i:D4}".PadLeft(128, '界');
            message.Declarations.Add(new UpdateDeclaration { ClientId = id, Length = 1 });
            message.Chunks.Add(new UpdateChunk { ClientId = id, Values = Rounds.Bytes<float>(row) });
        }

        AggregateStreamRequest Half(int start) => new()
        {
            Spec = start == 0 ? message.Spec : null,
            Declarations = { message.Declarations.Skip(start).Take(5000) },
            Chunks = { message.Chunks.Skip(start).Take(5000) },
        };

        using var channel = GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions { MaxReceiveMessageSize = 4 * 1024 * 1024 });
        using var call = new AggregationService.AggregationServiceClient(channel).AggregateStream();
        await call.RequestStream.WriteAsync(Half(0));
        await call.RequestStream.WriteAsync(Half(5000));
        await call.RequestStream.CompleteAsync();
        var (decision, vector) = await Rounds.ReadAsync(call.ResponseStream).Within();

        Assert.True(decision.CalculateSize() > 4 * 1024 * 1024);
        var selected = int.Parse(Assert.Single(decision.Selected).Trim('界'), System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(rows[selected], vector);
        Assert.Equal((100, 10_000), (decision.Clusters.Representatives.Count, decision.Clusters.Sizes.Sum()));
        Assert.Equal(9_999, decision.Excluded.Select(each => each.ClientId).Distinct().Count());
        Assert.Equal(decision.Selected[0], decision.Clusters.Representatives[decision.Clusters.SelectedCluster]);
    }

    [Fact]
    public async Task AggregateStream_ClientTwice_CountsForNothing()
    {
        await using var server = await TestServer.StartAsync();
        AggregateStreamRequest[] messages =
        [
            .. Rounds.Whole(Rounds.Spec(Rounds.Median, 3, 0), Rounds.Ramp), Rounds.Declare("0001", 2), Rounds.Chunk("0001", 100), Rounds.Chunk("0001", 100),
        ];

        var (decision, vector) = await Rounds.StreamAsync(server, messages);

        Assert.Equal([4, 5, 6], vector);
        Assert.Equal((4, 2), (decision.ReceivedCount, decision.UpdateCount));
        Assert.Equal(
            [("0001", ExclusionReason.DuplicateClient), ("0001", ExclusionReason.DuplicateClient)],
            decision.Excluded.Select(each => (each.ClientId, each.Reason)));
        Assert.Equal(0, server.AggregationMemory.ReservedBytes);
    }

    [Fact]
    public async Task AggregateStream_NaNInTheLastChunk_LeavesTooFewAndSaysSo()
    {
        await using var server = await TestServer.StartAsync();
        float[][] rows = [[1, 2], [1, 3], [2, 2], [2, 3], [1, float.NaN]];

        var error = await Assert.ThrowsAsync<RpcException>(() => Rounds.StreamAsync(server, Rounds.Whole(Rounds.Spec(Rounds.Krum(), 2, 1), rows)));

        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
        Assert.EndsWith("'0004' has a component 1 that is not finite.", error.Status.Detail, StringComparison.Ordinal);
        Assert.Equal("4", Rounds.Detail<ErrorInfo>(error).Metadata["n"]);
        Assert.Equal(0, server.AggregationMemory.ReservedBytes);
    }

    [Fact]
    public async Task AggregateStream_TooMuch_IsRefusedAtOnceAndFreed() => await AssertRefusedAsync(
        "chunks[0].values must not exceed the 12 bytes that '0002' declared, but brought them to 16.",
        [.. Rounds.Whole(Rounds.Spec(Rounds.Median, 3, 1), Rounds.Ramp), Rounds.Chunk("0002", 1)]);

    [Fact]
    public async Task AggregateStream_TooLittle_IsRefusedWithAllThatIsMissing() => await AssertRefusedAsync(
        "chunks must bring the 12 bytes that 'a' declared, but brought 8. chunks must bring the 4 bytes that 'c' declared, but brought 0.",
        new AggregateStreamRequest { Spec = Rounds.Spec(Rounds.Median, 3, 0) },
        Rounds.Declare("a", 3),
        Rounds.Declare("b", 0),
        Rounds.Declare("c", 1),
        Rounds.Chunk("a", 1, 2));

    [Fact]
    public async Task AggregateStream_MessagesOutOfOrderOrBad_AreRefused()
    {
        var start = new AggregateStreamRequest { Spec = Rounds.Spec(Rounds.Median, 3, 0) };

        await AssertRefusedAsync("spec must be set in the first message.");
        await AssertRefusedAsync("spec must be set.", Rounds.Declare("a", 3));
        await AssertRefusedAsync("spec must not be set after the first message.", start, start);
        await AssertRefusedAsync("chunks[0].client_id must be declared before, but 'a' was not.", start, Rounds.Chunk("a", 1));
        await AssertRefusedAsync(
            "spec must not be set after the first message. update_count must not be set after the first message.", start, new AggregateStreamRequest(start) { UpdateCount = 0 });
        await AssertRefusedAsync("update_count must be at least 0, but was -1.", new AggregateStreamRequest(start) { UpdateCount = -1 });
        await AssertRefusedAsync(
            "declarations[0] must not be more than the 1 updates that update_count announced.",
            new AggregateStreamRequest(start) { UpdateCount = 1 },
            Rounds.Declare("a", 0),
            Rounds.Declare("b", 0));
        await AssertRefusedAsync(
            "declarations must be of the 2 updates that update_count announced, but were of 1.", new AggregateStreamRequest(start) { UpdateCount = 2 }, Rounds.Declare("a", 0));
        await AssertRefusedAsync("declarations[0].length must be at least 0, but was -1.", start, Rounds.Declare("a", -1));
        await AssertRefusedAsync("declarations[0].client_id must have at most 128 characters, but had 129.", start, Rounds.Declare(new string('a', 129), 1));
    }

    [Fact]
    public async Task AggregateStream_NoUpdates_AreTooFew()
    {
        await using var server = await TestServer.StartAsync();

        var error = await Assert.ThrowsAsync<RpcException>(
            () => Rounds.StreamAsync(server, [new AggregateStreamRequest { Spec = Rounds.Spec(Rounds.Median, 3, 0) }]));

        Assert.Equal((StatusCode.FailedPrecondition, "median needs n >= 2f + 1, but n = 0 and f = 0; no f is legal."), (error.StatusCode, error.Status.Detail));
    }

    [Fact]
    public async Task AggregateStream_ClientThatStopsSending_LosesItsCallAndItsMemory()
    {
        await using var server = await TestServer.StartAsync("Streaming:ReadTimeout=00:00:01");
        using var call = server.Aggregation.AggregateStream();
        await call.RequestStream.WriteAsync(new AggregateStreamRequest { Spec = Rounds.Spec(Rounds.Median, 100_000, 1) });
        await call.RequestStream.WriteAsync(Rounds.Declare("a", 100_000));
        await call.RequestStream.WriteAsync(Rounds.Chunk("a", new float[50_000]));

        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None).Within());

        Assert.Equal((StatusCode.ResourceExhausted, "The client sent no message for 00:00:01."), (error.StatusCode, error.Status.Detail));
        Assert.Equal(0, server.AggregationMemory.ReservedBytes);
    }

    [Fact]
    public async Task AggregateStream_ClientThatLeavesHalfWay_FreesItsMemory()
    {
        await using var server = await TestServer.StartAsync();
        using var call = server.Aggregation.AggregateStream();
        await call.RequestStream.WriteAsync(new AggregateStreamRequest { Spec = Rounds.Spec(Rounds.Median, 100_000, 1) });
        await call.RequestStream.WriteAsync(Rounds.Declare("a", 100_000));
        await call.RequestStream.WriteAsync(Rounds.Chunk("a", new float[50_000]));

        call.Dispose();
        await server.StopAsync().Within();

        Assert.Equal((0, 0), (server.OpenCalls.Count, server.AggregationMemory.ReservedBytes));
    }

    [Fact]
    public async Task AggregateStream_MoreThanACallMayTake_IsRefusedWhenItIsDeclared()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxAggregationBytes=1048576");
        var start = new AggregateStreamRequest { Spec = Rounds.Spec(Rounds.Median, 100_000, 0) };

        var error = await Assert.ThrowsAsync<RpcException>(
            () => Rounds.StreamAsync(server, [start, .. Enumerable.Range(0, 3).Select(i => Rounds.Declare($"{i}", 100_000))]));

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        Assert.Contains("1 updates of 100000 components take 6800512 bytes", error.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("above the server's limit of 1048576 for one call.", error.Status.Detail, StringComparison.Ordinal);
        var detail = Rounds.Detail<ErrorInfo>(error);
        Assert.Equal(("CALL_TOO_LARGE", "1048576"), (detail.Reason, detail.Metadata["limit_bytes"]));
        Assert.Equal(0, server.AggregationMemory.ReservedBytes);
    }

    [Fact]
    public async Task AggregateStream_MoreUpdatesAnnouncedThanACallMayTake_AreRefusedBeforeTheyAreDeclared()
    {
        await using var server = await TestServer.StartAsync();
        using var call = server.Aggregation.AggregateStream();

        await call.RequestStream.WriteAsync(new AggregateStreamRequest { Spec = Rounds.Spec(Rounds.Krum(), 1, 10), UpdateCount = 10_000 });
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None).Within());

        Assert.Equal(("CALL_TOO_LARGE", "1605160064"), (Rounds.Detail<ErrorInfo>(error).Reason, Rounds.Detail<ErrorInfo>(error).Metadata["needed_bytes"]));
        Assert.Equal((0, 0), (server.AggregationMemory.ReservedBytes, server.Places.TakenCount));
    }

    [Fact]
    public async Task AggregateStream_DistancesBetweenManyClients_AreCountedToo()
    {
        // 10 000 updates of 4 bytes are nothing; the distances between them are 1.6 GB.
        await using var server = await TestServer.StartAsync();
        var rows = Rounds.Matrix(10_000, 1);

        var error = await Assert.ThrowsAsync<RpcException>(() => Rounds.StreamAsync(server, Rounds.Whole(Rounds.Spec(Rounds.Krum(), 1, 10), rows)));

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        Assert.Equal("1073741824", Rounds.Detail<ErrorInfo>(error).Metadata["limit_bytes"]);
    }

    [Fact]
    public async Task AggregateStream_MoreThanAllCallsMayTake_IsRefusedWhenItIsDeclared()
    {
        // 68 bytes a component and 512 an update: the second call's update takes 1 938 512. Of the first there is the room for what has come.
        await using var server = await TestServer.StartAsync("Limits:MaxTotalAggregationBytes=2000000");
        using var first = server.Aggregation.AggregateStream();
        await first.RequestStream.WriteAsync(new AggregateStreamRequest { Spec = Rounds.Spec(Rounds.Median, 20_000, 0) });
        await first.RequestStream.WriteAsync(Rounds.Declare("a", 20_000));
        await first.RequestStream.WriteAsync(Rounds.Chunk("a", new float[20_000]));
        await Patience.UntilAsync(() => server.AggregationMemory.ReservedBytes > 0);

        using var second = server.Aggregation.AggregateStream();
        await second.RequestStream.WriteAsync(new AggregateStreamRequest { Spec = Rounds.Spec(Rounds.Median, 28_500, 0) });
        await second.RequestStream.WriteAsync(Rounds.Declare("a", 28_500));
        var error = await Assert.ThrowsAsync<RpcException>(() => second.ResponseStream.MoveNext(CancellationToken.None).Within());

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        Assert.Equal(
            "1938512 more bytes would exceed the 2000000 that the server allows for all rounds together, of which 80000 are taken.", error.Status.Detail);
        Assert.Equal(TimeSpan.FromSeconds(1), error.GetRetryDelay());
    }

    [Fact]
    public async Task AggregateStream_MessageThatCannotBeParsed_IsTheClientsFault()
    {
        await using var server = await TestServer.StartAsync();
        var raw = Marshallers.Create(value => value, value => value);
        var method = new Method<byte[], byte[]>(MethodType.DuplexStreaming, "mfn.v1.AggregationService", "AggregateStream", raw, raw);
        foreach (var hex in new[] { "FFFFFF", "1AFFFFFFFF0F", "1A05", "1A031205AA", "1A020A05" })
        {
            using var call = server.Channel.CreateCallInvoker().AsyncDuplexStreamingCall(method, null, default);
            await call.RequestStream.WriteAsync(Convert.FromHexString(hex));

            var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None).Within());

            Assert.Equal((StatusCode.InvalidArgument, "The request message is not a valid protobuf message of its type."), (error.StatusCode, error.Status.Detail));
        }
    }

    private static async Task AssertRefusedAsync(string expected, params AggregateStreamRequest[] messages)
    {
        await using var server = await TestServer.StartAsync();

        var error = await Assert.ThrowsAsync<RpcException>(() => Rounds.StreamAsync(server, messages));

        Assert.Equal((StatusCode.InvalidArgument, expected), (error.StatusCode, error.Status.Detail));
        Assert.Equal(expected, string.Join(' ', error.GetFieldViolations().Select(each => $"{each.Field} {each.Description}.")));
        Assert.Equal(0, server.AggregationMemory.ReservedBytes);
    }

    /// <summary>Declares all updates, last first, and sends a chunk of each in turn.</summary>
    private static IEnumerable<AggregateStreamRequest> Interleave(AggregateRequest request, int chunkSize)
    {
        var componentSize = request.Spec.Encoding == VectorEncoding.Float64 ? sizeof(double) : sizeof(float);
        yield return new AggregateStreamRequest { Spec = request.Spec };
        foreach (var update in request.Updates.Reverse())
        {
            yield return Rounds.Declare(update.ClientId, update.Values.Length / componentSize);
        }

        for (var start = 0; start < request.Updates[0].Values.Length; start += chunkSize)
        {
            var message = new AggregateStreamRequest();
            foreach (var update in request.Updates)
            {
                var values = update.Values.Memory.Slice(start, Math.Min(chunkSize, update.Values.Length - start));
                message.Chunks.Add(new UpdateChunk { ClientId = update.ClientId, Values = ByteString.CopyFrom(values.Span) });
            }

            yield return message;
        }
    }
}
