using Google.Protobuf;
using Grpc.Core;
using Mfn.Client;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Client;

public sealed class WatchAsyncTests
{
    private const int Steps = 12;

    private static readonly WatchOptions Eager = new() { InitialBackoff = TimeSpan.Zero, MaxTries = 1000 };

    [Theory]
    [InlineData(FieldEncoding.Float64, 1, false)]
    [InlineData(FieldEncoding.Float32, 4, true)]
    [InlineData(FieldEncoding.Quantized16, 3, false)]
    [InlineData(FieldEncoding.Quantized8, 100, true)]
    public async Task WatchAsync_ConnectionCutAtEveryFrame_GivesEachFrameOnce(FieldEncoding encoding, int keyFrameInterval, bool isInside)
    {
        await using var server = await TestServer.StartAsync();
        using var direct = Connect(server.Address);
        var run = await direct.Runs.CreateAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 16, Steps = Steps } });
        var request = new WatchRunRequest { RunId = run.RunId, FromStep = 0, FieldEncoding = encoding, KeyFrameInterval = keyFrameInterval, Statistics = true };
        var whole = await ReadAsync(direct.Runs.WatchAsync(request));
        Assert.Equal(Enumerable.Range(0, Steps + 1), Frames(whole).Select(frame => (int)frame.Position.Step));
        Assert.Equal(keyFrameInterval > 1, Frames(whole).Any(frame => frame.IsDelta));

        // The first connection breaks at its first message, the second at its second, and so on, so that each brings one more.
        await using var relay = new Http2Relay(server.Address, connection => new Http2Cut(Http2Cut.Data, connection, isInside));
        using var client = Connect(relay.Address);
        var reconnections = 0;
        var pieces = await ReadAsync(client.Runs.WatchAsync(request, Eager with { Reconnecting = (_, _) => reconnections++ }));

        Assert.Equal(Frames(whole).Select(Describe), Frames(pieces).Select(Describe));
        Assert.Equal(EndReason.Stopped, Assert.IsType<EndEvent>(pieces[^1]).Reason);
        Assert.Empty(pieces.OfType<GapEvent>());
        Assert.InRange(reconnections, 3, relay.ConnectionCount);
    }

    [Fact]
    public async Task WatchAsync_TokenOfAnEarlierWatch_GivesTheRest()
    {
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server.Address);
        var run = await client.Runs.CreateAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 16, Steps = Steps } });
        var request = new WatchRunRequest { RunId = run.RunId, FromStep = 0, FieldEncoding = FieldEncoding.Float32, KeyFrameInterval = 5 };
        var whole = await ReadAsync(client.Runs.WatchAsync(request));

        foreach (var told in Frames(whole))
        {
            var rest = await ReadAsync(client.Runs.WatchAsync(new WatchRunRequest(request) { ResumeToken = told.Position.Token }));
            Assert.Equal(Frames(whole).Select(Describe).Skip((int)told.Position.Step + 1), Frames(rest).Select(Describe));
        }
    }

    [Fact]
    public async Task WatchAsync_SilentServer_IsLeftForANewConnection()
    {
        await using var server = await TestServer.StartAsync();
        await using var relay = new Http2Relay(server.Address, _ => null);
        using var client = Connect(relay.Address);
        var run = await client.Runs.CreateAsync(new CreateRunRequest { Paused = true });
        var silent = new TaskCompletionSource<RpcException>(TaskCreationOptions.RunContinuationsAsynchronously);
        var options = Eager with { MaxSilence = TimeSpan.FromSeconds(1), Reconnecting = (error, _) => silent.TrySetResult(error) };

        await using var told = client.Runs.WatchAsync(new WatchRunRequest { RunId = run.RunId }, options).GetAsyncEnumerator();
        Assert.True(await told.MoveNextAsync());
        relay.Stall();
        var next = told.MoveNextAsync().AsTask();
        var error = await silent.Task.Within();
        relay.GoOn();

        // It has come back.
        Assert.True(await next.Within());
        await client.Runs.DeleteAsync(run.RunId);

        Assert.Equal((StatusCode.Unavailable, "The server was silent for 00:00:01."), (error.StatusCode, error.Status.Detail));
        while (told.Current is not EndEvent)
        {
            Assert.IsType<CaughtUpEvent>(told.Current);
            Assert.True(await told.MoveNextAsync().AsTask().Within());
        }
    }

    [Fact]
    public async Task WatchAsync_SlowLosslessReader_GetsEveryFrameThroughSeveralStreams()
    {
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server.Address);
        var run = await client.Runs.CreateAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 512, Steps = 60 } });
        var errors = new List<RpcException>();
        var options = Eager with { Reconnecting = (error, _) => errors.Add(error) };
        var request = new WatchRunRequest { RunId = run.RunId, FromStep = 0, FieldEncoding = FieldEncoding.Float64, BacklogFrames = 1 };

        var steps = Frames(await ReadAsync(client.Runs.WatchAsync(request, options))).Select(frame => (int)frame.Position.Step);

        Assert.Equal(Enumerable.Range(0, 61), steps);
        Assert.All(errors, error => Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode));
    }

    [Fact]
    public async Task WatchAsync_UnknownRun_GivesUpAtOnce()
    {
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server.Address);
        var options = new WatchOptions { Reconnecting = (_, _) => Assert.Fail("Nothing passes that could pass.") };

        var error = await Assert.ThrowsAsync<RpcException>(() => ReadAsync(client.Runs.WatchAsync(new WatchRunRequest { RunId = Guid.NewGuid().ToString("N") }, options)));

        Assert.Equal(StatusCode.NotFound, error.StatusCode);
    }

    [Fact]
    public async Task WatchAsync_NoServer_TriesEverLaterAndGivesUp()
    {
        var delays = new List<double>();
        var options = new WatchOptions
        {
            MaxTries = 6,
            InitialBackoff = TimeSpan.FromSeconds(1),
            MaxBackoff = TimeSpan.FromSeconds(5),
            MaxSilence = Timeout.InfiniteTimeSpan,
            Jitter = () => 0.5,
            Clock = new InstantClock(),
            Reconnecting = (_, delay) => delays.Add(delay.TotalSeconds),
        };
        using var client = Connect(new Uri("http://127.0.0.1:1"));

        var error = await Assert.ThrowsAsync<RpcException>(() => ReadAsync(client.Runs.WatchAsync(new WatchRunRequest { RunId = "x" }, options)));

        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.Equal([0.5, 1, 2, 2.5, 2.5], delays);
    }

    [Fact]
    public async Task WatchAsync_Cancelled_EndsInTheMidstOfAWait()
    {
        using var cancellation = new CancellationTokenSource();
        using var client = Connect(new Uri("http://127.0.0.1:1"));
        var options = new WatchOptions { InitialBackoff = TimeSpan.FromHours(1), MaxBackoff = TimeSpan.FromHours(1), Jitter = () => 1, Reconnecting = (_, _) => cancellation.CancelAfter(0) };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => ReadAsync(client.Runs.WatchAsync(new WatchRunRequest { RunId = "x" }, options, cancellation.Token)).Within());
    }

    private static MfnClient Connect(Uri address) => new(new MfnClientOptions { Address = address });

    private static async Task<List<WatchEvent>> ReadAsync(IAsyncEnumerable<WatchEvent> events)
    {
        var result = new List<WatchEvent>();
        await foreach (var told in events)
        {
            result.Add(told);
        }

        return result;
    }

    private static List<FrameEvent> Frames(IEnumerable<WatchEvent> events) => [.. events.OfType<FrameEvent>()];

    private static (long Step, long Revision, ByteString Values, FrameFacts Facts) Describe(FrameEvent frame) =>
        (frame.Position.Step, frame.Position.Revision, frame.Field!.Values, frame.Facts);
}
