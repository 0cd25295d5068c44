using Grpc.Health.V1;
using Mfn.Client;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;
using Mfn.Server.Calls;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Transport;

/// <summary>What clients and proxies are told of how many calls a connection may have.</summary>
public sealed class AnnouncedStreamsTests
{
    [Theory]
    [InlineData(256)]
    [InlineData(5, "Limits:MaxStreamsPerConnection=5")]
    [InlineData(74, "Limits:MaxStreamsPerConnection=5", "Limits:AnnounceSpareStreams=true")]
    public async Task Settings_OfANewConnection_AnnounceWhatIsAccepted(int expected, params string[] settings)
    {
        await using var server = await TestServer.StartAsync(settings);

        using var connection = await RawHttp2.ConnectAsync(server.Address);

        Assert.Equal(expected, await connection.ReadAnnouncedStreamsAsync().Within());
    }

    [Fact]
    public async Task Watches_MoreThanAConnectionMayHave_AreServedOnSeveral()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxStreamsPerConnection=5");
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address });
        var run = await client.Runs.CreateAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true });
        var options = new WatchOptions { Reconnecting = (error, _) => Assert.Fail($"A watch was refused: {error}") };

        var watches = Enumerable.Range(0, 17)
            .Select(_ => client.Runs.WatchAsync(new WatchRunRequest { RunId = run.RunId }, options).GetAsyncEnumerator())
            .ToArray();
        var first = await Task.WhenAll(watches.Select(watch => watch.MoveNextAsync().AsTask())).Within();

        Assert.All(first, Assert.True);
        Assert.Equal(17, server.OpenCalls.Count);
        foreach (var watch in watches)
        {
            await watch.DisposeAsync();
        }
    }

    [Fact]
    public async Task Call_ResetAndBegunAgainAtTheLimit_IsServed()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxStreamsPerConnection=1");
        using var connection = await RawHttp2.ConnectAsync(server.Address);

        // The server may still be busy with what its client has just given up.
        for (var streamId = 1; streamId < 200; streamId += 2)
        {
            await connection.CallAsync(streamId, "/grpc.health.v1.Health/Watch", "http");
            var answer = await connection.ReadAsync(RawHttp2.Data, RawHttp2.ResetStream).Within();
            Assert.Equal((RawHttp2.Data, streamId), (answer.Kind, answer.StreamId));
            await connection.SendAsync(RawHttp2.ResetStream, flags: 0, streamId, [0, 0, 0, 8]);
        }
    }

    [Fact]
    public async Task Log_ConnectionWithAsManyCallsAsItMayHave_SaysSo()
    {
        using var log = ServerLog.Of<OpenCalls>();
        await using var server = await log.StartServerAsync("Limits:MaxStreamsPerConnection=2");
        using var counts = new Counts(server);

        using var first = server.Health.Watch(new HealthCheckRequest());
        Assert.True(await first.ResponseStream.MoveNext(CancellationToken.None).Within());
        Assert.Empty(log.Lines);
        using var second = server.Health.Watch(new HealthCheckRequest());
        Assert.True(await second.ResponseStream.MoveNext(CancellationToken.None).Within());

        Assert.Contains("may be a proxy's, has as many open calls as one may have (2)", Assert.Single(log.Lines).Message, StringComparison.Ordinal);
        Assert.Equal(1, counts["mfn.connections.filled"]);
    }
}
