using Grpc.Core;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.Aggregation;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Client;

public sealed class AggregateAsyncTests
{
    [Theory]
    [InlineData(5, 3)]
    [InlineData(5, 40_000)]
    [InlineData(2, 700_001)]
    [InlineData(30_000, 1)]
    public async Task AggregateAsync_SmallOrLarge_IsTheMeanOfWhatWasSent(int count, int length)
    {
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server);
        var rows = Rounds.Matrix(count, length);
        var spec = Rounds.Spec(new AggregationRule { Mean = new MeanRule() }, length, 0);

        var singles = await client.AggregateAsync(spec, rows.Select((row, i) => new RoundUpdate($"{i:D5}", row)));
        var doubles = await client.AggregateAsync(spec, rows.Select((row, i) => new RoundUpdate($"{i:D5}", Array.ConvertAll(row, x => (double)x))));

        Assert.Equal((count, count), (singles.Decision.UpdateCount, singles.Decision.Selected.Count));
        Assert.Equal(Mean(rows), singles.Vector.ToArray());
        Assert.Equal(singles.Vector.ToArray(), doubles.Vector.ToArray());
        Assert.Equal(0, server.AggregationMemory.ReservedBytes);
    }

    // Messages of just the server's limit, small updates and large ones, and ids as long as they may be.
    [Theory]
    [InlineData(1024, 1)]
    [InlineData(1024, 500)]
    [InlineData(1025, 77)]
    [InlineData(4099, 3000)]
    [InlineData(4096, 1)]
    public async Task AggregateAsync_MessagesOfAnySize_AreNoLargerThanThat(int bytes, int length)
    {
        await using var server = await TestServer.StartAsync($"Limits:MaxRequestBytes={bytes}");
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address, MaxSendBytes = bytes });
        var rows = Rounds.Matrix(40, length);
        var spec = Rounds.Spec(new AggregationRule { Mean = new MeanRule() }, length, 0);

        var singles = await client.AggregateAsync(spec, rows.Select((row, i) => new RoundUpdate($"{i:D3}".PadRight(128, '界'), row)));
        var doubles = await client.AggregateAsync(spec, rows.Select((row, i) => new RoundUpdate($"{i:D3}", Array.ConvertAll(row, x => (double)x))));

        Assert.Equal(Mean(rows), singles.Vector.ToArray());
        Assert.Equal(Mean(rows), doubles.Vector.ToArray());
        Assert.Equal((40, 40), (singles.Decision.UpdateCount, doubles.Decision.UpdateCount));
    }

    [Fact]
    public async Task AggregateAsync_MessagesLargerThanTheServerTakes_AreRefusedWithItsLimit()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxRequestBytes=10000");
        using var client = Connect(server);

        var stream = await RefusalAsync(1_000_000);
        var unary = await RefusalAsync(10_000);

        Assert.Equal((StatusCode.ResourceExhausted, "The request message exceeds the server's limit of 10000 bytes. Send the stream in smaller messages."), stream);
        Assert.Equal((StatusCode.ResourceExhausted, "The request message exceeds the server's limit of 10000 bytes."), unary);

        async Task<(StatusCode Code, string Detail)> RefusalAsync(int length)
        {
            var error = await Assert.ThrowsAsync<RpcException>(
                () => client.AggregateAsync(Rounds.Spec(Rounds.Median, length, 0), [new RoundUpdate("a", new float[length])]).Within());
            return (error.StatusCode, error.Status.Detail);
        }
    }

    [Theory]
    [InlineData(1023)]
    [InlineData(67_108_865)]
    public void Construct_MessageSizeOutOfRange_IsRefused(int bytes)
    {
        var error = Assert.Throws<ArgumentException>(() => new MfnClient(new MfnClientOptions { Address = new Uri("http://127.0.0.1:1"), MaxSendBytes = bytes }));

        Assert.StartsWith($"MaxSendBytes must be between 1024 and 67108864, but was {bytes}.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AggregateAsync_ClientTwiceAndEmptyUpdate_AreExcluded()
    {
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server);
        RoundUpdate[] updates =
        [
            new("a", new float[] { 1 }), new("b", default(ReadOnlyMemory<float>)), new("a", new float[] { 2 }), new("c", new float[] { 3 }),
        ];

        var result = await client.AggregateAsync(Rounds.Spec(Rounds.Median, 1, 0), updates);

        Assert.Equal([3], result.Vector.ToArray());
        Assert.Equal(
            [("a", ExclusionReason.DuplicateClient), ("a", ExclusionReason.DuplicateClient), ("b", ExclusionReason.WrongLength)],
            result.Decision.Excluded.Select(each => (each.ClientId, each.Reason)));
    }

    [Fact]
    public async Task AggregateAsync_StartAsLongAsAMessage_LeavesRoomForItself()
    {
        const int Length = 1_000_000;
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server);
        var start = new float[Length];
        Array.Fill(start, 3);
        var rule = new AggregationRule { CenteredClipping = new CenteredClippingRule { Radius = 1e-9, StepCount = 1, Start = Rounds.Bytes<float>(start) } };

        var result = await client.AggregateAsync(
            Rounds.Spec(rule, Length, 0), [new RoundUpdate("a", new float[Length]), new RoundUpdate("b", new float[Length])]);

        Assert.Equal(start, result.Vector.ToArray());
    }

    [Fact]
    public async Task AggregateAsync_MixedPrecision_IsABugOfTheCaller()
    {
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server);

        await Assert.ThrowsAsync<ArgumentException>(() => client.AggregateAsync(
            Rounds.Spec(Rounds.Median, 1, 0), [new RoundUpdate("a", new float[1]), new RoundUpdate("b", new double[1])]));
    }

    [Fact]
    public async Task AggregateAsync_ServerRefusesHalfWay_ThrowsWhatItSays()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxAggregationBytes=1048576");
        using var client = Connect(server);
        var updates = Enumerable.Range(0, 1000).Select(i => new RoundUpdate($"{i:D5}", new float[100_000]));

        var error = await Assert.ThrowsAsync<RpcException>(() => client.AggregateAsync(Rounds.Spec(Rounds.Median, 100_000, 0), updates).Within());

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        Assert.Contains("above the server's limit of 1048576", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AggregateAsync_Cancelled_EndsTheUpload()
    {
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server);
        using var cancellation = new CancellationTokenSource();

        var error = await Assert.ThrowsAnyAsync<Exception>(
            () => client.AggregateAsync(Rounds.Spec(Rounds.Median, 100_000, 0), Updates(), cancellation.Token).Within());
        await server.StopAsync().Within();

        Assert.True(error is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled }, error.ToString());
        Assert.Equal((0, 0), (server.OpenCalls.Count, server.AggregationMemory.ReservedBytes));

        IEnumerable<RoundUpdate> Updates()
        {
            for (var i = 0; i < 1000; i++)
            {
                if (i == 20)
                {
                    cancellation.Cancel();
                }

                yield return new RoundUpdate($"{i:D5}", new float[100_000]);
            }
        }
    }

    [Fact]
    public async Task AggregateAsync_UpdatesThatThrow_EndTheCall()
    {
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server);
        var updates = Enumerable.Range(0, 100).Select(i => i < 50 ? new RoundUpdate($"{i:D5}", new float[100_000]) : throw new InvalidOperationException("broken"));

        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => client.AggregateAsync(Rounds.Spec(Rounds.Median, 100_000, 0), updates).Within());
        await server.StopAsync().Within();

        Assert.Equal("broken", error.Message);
        Assert.Equal(0, server.AggregationMemory.ReservedBytes);
    }

    private static MfnClient Connect(TestServer server) => new(new MfnClientOptions { Address = server.Address });

    private static float[] Mean(float[][] rows)
    {
        var sums = new double[rows[0].Length];
        foreach (var row in rows)
        {
            for (var i = 0; i < sums.Length; i++)
            {
                sums[i] += row[i];
            }
        }

        return Array.ConvertAll(sums, sum => (float)(sum / rows.Length));
    }
}
