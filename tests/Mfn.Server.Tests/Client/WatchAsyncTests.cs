using Google.Protobuf;
using Grpc.Core;
using Mfn.Client;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;
using Microsoft.AspNetCore.Http;

namespace Mfn.Server.Tests.Client;

public sealed class WatchAsyncTests
{
    private const int Steps = 12;

    private static readonly WatchOptions Eager = new() { InitialBackoff = TimeSpan.Zero };

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

        // The busier the machine, the more messages come in one DATA frame, all of them with the second connection at best.
        Assert.InRange(reconnections, 1, relay.ConnectionCount);
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
        await using var server = await TestServer.StartAsync("Runs:HeartbeatInterval=00:00:00.500");
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
    public async Task WatchAsync_NoServer_TriesEverLaterUntilItsPatienceEnds()
    {
        var delays = new List<double>();
        var options = new WatchOptions
        {
            Patience = TimeSpan.FromSeconds(10),
            InitialBackoff = TimeSpan.FromSeconds(1),
            MaxBackoff = TimeSpan.FromSeconds(5),
            MaxSilence = Timeout.InfiniteTimeSpan,
            Jitter = () => 0.5,
            Clock = new InstantClock(),
            Reconnecting = (_, delay) => delays.Add(delay.TotalSeconds),
        };
        using var client = Connect(new Uri("http://127.0.0.1:1"));

        var error = await Assert.ThrowsAsync<RpcException>(() => ReadAsync(client.Runs.WatchAsync(new WatchRunRequest { RunId = "x" }, options)));

        // The last try is made when the patience ends.
        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.Equal([0.5, 1, 2, 2.5, 2.5, 1.5], delays);
    }

    [Fact]
    public async Task WatchAsync_DefaultOptions_TriesForFiveMinutes()
    {
        var delays = new List<TimeSpan>();
        var options = new WatchOptions { MaxSilence = Timeout.InfiniteTimeSpan, Clock = new InstantClock(), Reconnecting = (_, delay) => delays.Add(delay) };
        using var client = Connect(new Uri("http://127.0.0.1:1"));

        await Assert.ThrowsAsync<RpcException>(() => ReadAsync(client.Runs.WatchAsync(new WatchRunRequest { RunId = "x" }, options)).Within());

        // A timer has whole milliseconds, so that each delay may have taken up to one more than it was told to.
        var rounding = delays.Count * TimeSpan.TicksPerMillisecond;
        Assert.InRange(delays.Sum(delay => delay.Ticks), (300 * TimeSpan.TicksPerSecond) - rounding, 301 * TimeSpan.TicksPerSecond);
    }

    [Fact]
    public async Task WatchAsync_ServerThatAsksToWaitLongerThanThePatience_GivesUp()
    {
        var proxy = new ProxyAnswers((_, _) => true, ProxyAnswers.Status(StatusCode.ResourceExhausted, TimeSpan.FromMinutes(6)));
        await using var server = await proxy.StartServerAsync();
        using var client = Connect(server.Address);

        var error = await Assert.ThrowsAsync<RpcException>(() => ReadAsync(client.Runs.WatchAsync(new WatchRunRequest { RunId = "x" })).Within());

        Assert.Equal((StatusCode.ResourceExhausted, 1), (error.StatusCode, proxy.CallCount));
    }

    [Theory]
    [InlineData(StatusCode.Cancelled, true)]
    [InlineData(StatusCode.Unknown, true)]
    [InlineData(StatusCode.InvalidArgument, false)]
    [InlineData(StatusCode.DeadlineExceeded, true)]
    [InlineData(StatusCode.NotFound, false)]
    [InlineData(StatusCode.AlreadyExists, true)]
    [InlineData(StatusCode.PermissionDenied, false)]
    [InlineData(StatusCode.ResourceExhausted, true)]
    [InlineData(StatusCode.FailedPrecondition, false)]
    [InlineData(StatusCode.Aborted, true)]
    [InlineData(StatusCode.OutOfRange, false)]
    [InlineData(StatusCode.Unimplemented, true)]
    [InlineData(StatusCode.Internal, true)]
    [InlineData(StatusCode.Unavailable, true)]
    [InlineData(StatusCode.DataLoss, true)]
    [InlineData(StatusCode.Unauthenticated, false)]
    public Task WatchAsync_AnyStatus_ResumesUnlessTheServerMeansTheRequest(StatusCode status, bool isPassing) =>
        RequireAsync(ProxyAnswers.Status(status), status, isPassing);

    [Theory]
    [InlineData(400, StatusCode.Internal, true)]
    [InlineData(401, StatusCode.Unauthenticated, false)]
    [InlineData(403, StatusCode.PermissionDenied, false)]
    [InlineData(404, StatusCode.Unimplemented, true)]
    [InlineData(413, StatusCode.Unknown, true)]
    [InlineData(500, StatusCode.Unknown, true)]
    [InlineData(502, StatusCode.Unavailable, true)]
    [InlineData(503, StatusCode.Unavailable, true)]
    [InlineData(504, StatusCode.Unavailable, true)]
    public Task WatchAsync_PageOfAProxy_ResumesUnlessItForbids(int httpStatus, StatusCode status, bool isPassing) =>
        RequireAsync(ProxyAnswers.Page(httpStatus), status, isPassing);

    [Fact]
    public async Task WatchAsync_KeyRefused_ResumesOnceWithANewOne()
    {
        var keys = new Queue<string>(["old", "new", "new"]);
        var proxy = new ProxyAnswers((_, call) => call.Request.Headers.Authorization != "Bearer new", ProxyAnswers.Status(StatusCode.Unauthenticated));
        await using var server = await proxy.StartServerAsync();
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address, GetApiKey = _ => ValueTask.FromResult(keys.TryDequeue(out var key) ? key : "new") });
        using var knowing = new MfnClient(new MfnClientOptions { Address = server.Address, ApiKey = "new" });
        var run = await knowing.Runs.CreateAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8, Steps = 3 } });

        var told = await ReadAsync(client.Runs.WatchAsync(new WatchRunRequest { RunId = run.RunId, FromStep = 0 }, Eager));

        Assert.Equal(EndReason.Stopped, Assert.IsType<EndEvent>(told[^1]).Reason);
        Assert.Equal(1 + 2, proxy.CallCount);
    }

    [Theory]
    [InlineData(1, "same", "same", "same")]
    [InlineData(2, "old", "newer", "newer", "newest")]
    public async Task WatchAsync_KeyRefusedForGood_GivesUp(int expectedCalls, params string[] givenKeys)
    {
        var keys = new Queue<string>(givenKeys);
        var proxy = new ProxyAnswers((_, _) => true, ProxyAnswers.Status(StatusCode.Unauthenticated));
        await using var server = await proxy.StartServerAsync();
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address, GetApiKey = _ => ValueTask.FromResult(keys.Dequeue()) });

        var error = await Assert.ThrowsAsync<RpcException>(() => ReadAsync(client.Runs.WatchAsync(new WatchRunRequest { RunId = "x" }, Eager)));

        Assert.Equal((StatusCode.Unauthenticated, expectedCalls), (error.StatusCode, proxy.CallCount));
    }

    [Fact]
    public async Task WatchAsync_NoKeyAtTheMoment_TriesAgain()
    {
        var failures = 2;
        await using var server = await TestServer.StartAsync();
        using var client = new MfnClient(new MfnClientOptions
        {
            Address = server.Address,
            GetApiKey = _ => failures-- > 0 ? throw new IOException("The vault is away.") : ValueTask.FromResult("key"),
        });
        var errors = new List<RpcException>();

        var error = await Assert.ThrowsAsync<RpcException>(
            () => ReadAsync(client.Runs.WatchAsync(new WatchRunRequest { RunId = new string('0', 32) }, Eager with { Reconnecting = (lost, _) => errors.Add(lost) })));

        Assert.Equal(StatusCode.NotFound, error.StatusCode);
        Assert.Equal(2, errors.Count);
        Assert.All(errors, lost => Assert.Equal((StatusCode.Unavailable, "There is no API key: The vault is away."), (lost.StatusCode, lost.Status.Detail)));
    }

    [Theory]
    [InlineData("00:02:00", 60, 240)]
    [InlineData("00:00:15", 60, 60)]
    [InlineData("00:00:15", 10, 30)]
    public async Task WatchAsync_ServerWithRareHeartbeats_IsWaitedForTwiceAsLong(string interval, int maxSilence, int expectedSeconds)
    {
        await using var server = await TestServer.StartAsync($"Runs:HeartbeatInterval={interval}");
        using var client = Connect(server.Address);
        var clock = new RecordingClock();
        var run = await client.Runs.CreateAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true });

        await using var told = client.Runs.WatchAsync(new WatchRunRequest { RunId = run.RunId }, Eager with { MaxSilence = TimeSpan.FromSeconds(maxSilence), Clock = clock }).GetAsyncEnumerator();
        Assert.True(await told.MoveNextAsync());
        var next = told.MoveNextAsync().AsTask();
        await client.Runs.DeleteAsync(run.RunId);
        Assert.True(await next.Within());

        Assert.Equal(TimeSpan.FromSeconds(maxSilence), clock.Waits.First());
        Assert.All(clock.Waits.Skip(1), wait => Assert.Equal(TimeSpan.FromSeconds(expectedSeconds), wait));
        Assert.NotEmpty(clock.Waits.Skip(1));
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

    /// <summary>Watches a run through something that answers the first two calls; returns when it has gone on, or given up, as expected.</summary>
    private static async Task RequireAsync(Func<HttpContext, Task> answer, StatusCode status, bool isPassing)
    {
        var proxy = new ProxyAnswers((position, call) => position < 2 && call.Request.Path.Value!.EndsWith("/WatchRun", StringComparison.Ordinal), answer);
        await using var server = await proxy.StartServerAsync();
        using var client = Connect(server.Address);
        var errors = new List<StatusCode>();
        var watching = ReadAsync(client.Runs.WatchAsync(
            new WatchRunRequest { RunId = new string('0', 32) }, Eager with { Reconnecting = (error, _) => errors.Add(error.StatusCode) }));

        var last = await Assert.ThrowsAsync<RpcException>(() => watching.Within());

        // There is no such run.
        StatusCode[] expected = isPassing ? [status, status] : [];
        Assert.Equal(expected, errors);
        Assert.Equal(isPassing ? StatusCode.NotFound : status, last.StatusCode);
        Assert.Equal(isPassing ? 3 : 1, proxy.CallCount);
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
