using System.Runtime.CompilerServices;
using Grpc.Core;
using Mfn.Client;
using Mfn.Client.Uploads;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.Aggregation;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Client;

/// <summary>What is uploaded comes from the caller, who may throw, wait, or go away: the call ends at once, and nothing is left of it.</summary>
public sealed class UploadTests
{
    // Too much for one message, so that a stream is open when the third is asked for.
    private const int LongLength = 600_000;

    public static TheoryData<int, bool> Failures => new()
    {
        { 0, false }, { 0, true }, { 1, false }, { 1, true }, { 7, false }, { 7, true },
    };

    [Theory, MemberData(nameof(Failures))]
    public async Task StreamFeaturesAsync_FramesThatThrow_EndTheCallWithTheirException(int goodCount, bool isAsync)
    {
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server);
        var frames = Broken(goodCount, _ => TestFields.Constant(8, 8, -0.07), new InvalidOperationException("broken"));

        var reading = isAsync
            ? client.StreamFeaturesAsync(new StreamFeaturesStart(), frames)
            : client.StreamFeaturesAsync(new StreamFeaturesStart(), frames.ToBlockingEnumerable());
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => reading.ToListAsync().AsTask().Within());

        Assert.Equal("broken", error.Message);
        await AssertNothingIsLeftAsync(server);
    }

    [Theory, MemberData(nameof(Failures))]
    public async Task AggregateAsync_UpdatesThatThrow_EndTheCallWithTheirException(int goodCount, bool isAsync)
    {
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server);
        var spec = Rounds.Spec(Rounds.Median, LongLength, 0);
        var updates = Broken(goodCount, i => new RoundUpdate($"{i:D3}", new float[LongLength]), new InvalidOperationException("broken"));

        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => (isAsync ? client.AggregateAsync(spec, updates) : client.AggregateAsync(spec, updates.ToBlockingEnumerable())).Within());

        Assert.Equal("broken", error.Message);
        await AssertNothingIsLeftAsync(server);
    }

    /// <summary>What the library does once in some thousands of calls that the server has ended, seen on two busy processors: too rare to wait for.</summary>
    [Fact]
    public async Task DisposeAsync_WriteThatNeverEnds_IsLeftBehind()
    {
        using var leaving = new CancellationTokenSource();
        await using var source = new MessageSource<AggregateStreamRequest>(new[] { new AggregateStreamRequest() }.ToAsyncEnumerable(), leaving.Token);
        var requests = new EndlessWriter();
        var upload = new Upload<AggregateStreamRequest>(requests, source, leaving);
        await requests.HasBegun.Within();

        await upload.DisposeAsync().AsTask().Within();

        Assert.True(leaving.IsCancellationRequested);
    }

    // Frames may be another call's answers; its end is not that of the upload.
    [Fact]
    public async Task StreamFeaturesAsync_FramesOfACallThatFails_ThrowsItsStatus()
    {
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server);
        var frames = Broken(3, _ => TestFields.Constant(8, 8, -0.07), new RpcException(new Status(StatusCode.DataLoss, "elsewhere")));

        var error = await Assert.ThrowsAsync<RpcException>(() => client.StreamFeaturesAsync(new StreamFeaturesStart(), frames).ToListAsync().AsTask().Within());

        Assert.Equal((StatusCode.DataLoss, "elsewhere"), (error.StatusCode, error.Status.Detail));
    }

    [Fact]
    public async Task ImportAsync_StreamThatThrows_EndsTheCallWithItsExceptionAndWithoutARun()
    {
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server);

        var error = await Assert.ThrowsAsync<IOException>(() => client.Runs.ImportAsync(new ImportRunStart(), new BrokenStream()).Within());

        Assert.Equal("The disk is gone.", error.Message);
        Assert.Empty(await client.Runs.ListAsync().ToListAsync());
        await AssertNothingIsLeftAsync(server);
    }

    [Fact]
    public async Task AggregateAsync_UpdatesThatCome_AreAggregatedAsThoseThatAreThere()
    {
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server);
        var rows = Rounds.Matrix(4, LongLength);
        RoundUpdate[] updates = [.. rows.Select((row, i) => new RoundUpdate($"{i}", row))];
        var spec = Rounds.Spec(Rounds.Median, LongLength, 0);

        var there = await client.AggregateAsync(spec, updates).Within();
        var coming = await client.AggregateAsync(spec, Broken(4, i => updates[i], null)).Within();

        Assert.Equal(there.Vector.ToArray(), coming.Vector.ToArray());
        Assert.Equal(there.Decision, coming.Decision);
    }

    // A source that waits for what never comes, and one that does not even heed its token.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AnyUpload_CallerGivesUpWhileTheSourceWaits_EndsAtOnceAndDisposesOfTheSource(bool heedsItsToken)
    {
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server);
        var frames = new WaitingSource<Field>([TestFields.Constant(8, 8, -0.07)], heedsItsToken);
        var updates = new WaitingSource<RoundUpdate>([.. Enumerable.Range(0, 3).Select(i => new RoundUpdate($"{i}", new float[LongLength]))], heedsItsToken);
        using var cancellation = new CancellationTokenSource();

        // The first answer is read, and then no more.
        await foreach (var response in client.StreamFeaturesAsync(new StreamFeaturesStart(), frames.ReadAsync()))
        {
            Assert.Equal(1, response.FrameCount);
            break;
        }

        var aggregating = client.AggregateAsync(Rounds.Spec(Rounds.Median, LongLength, 0), updates.ReadAsync(), cancellation.Token);
        await updates.Waits.Within();
        await cancellation.CancelAsync();
        var error = await Assert.ThrowsAnyAsync<Exception>(() => aggregating.Within());

        Assert.True(error is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled }, error.ToString());
        await AssertNothingIsLeftAsync(server);
        frames.Release();
        updates.Release();
        await frames.Disposed.Within();
        await updates.Disposed.Within();
    }

    [Fact]
    public async Task AggregateAsync_ServerRefusesWhileTheSourceWaits_ThrowsWhatItSays()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxAggregationBytes=4000000");
        using var client = Connect(server);
        var updates = new WaitingSource<RoundUpdate>([.. Enumerable.Range(0, 3).Select(i => new RoundUpdate($"{i}", new float[LongLength]))], heedsItsToken: true);

        var error = await Assert.ThrowsAsync<RpcException>(() => client.AggregateAsync(Rounds.Spec(Rounds.Median, LongLength, 0), updates.ReadAsync()).Within());

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        await updates.Disposed.Within();
    }

    [Theory, MemberData(nameof(Failures))]
    public async Task ComputeHistoryStabilityAsync_FramesThatThrow_EndTheCallWithTheirException(int goodCount, bool isLarge)
    {
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server);
        var size = isLarge ? 300 : 8;
        var frames = Broken(goodCount, _ => TestFields.Constant(size, size, -0.07), new InvalidOperationException("broken"));

        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => client.ComputeHistoryStabilityAsync(new ComputeHistoryStabilityStreamStart(), frames.ToBlockingEnumerable()).Within());

        Assert.Equal("broken", error.Message);
        await AssertNothingIsLeftAsync(server);
    }

    [Fact]
    public async Task ComputeHistoryStabilityAsync_CallerGivesUpWhileTheFramesWait_EndsAtOnceAndDisposesOfThem()
    {
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server);
        var frames = new WaitingSource<Field>([TestFields.Constant(8, 8, -0.07)], heedsItsToken: false);
        using var cancellation = new CancellationTokenSource();

        // On a thread of its own: a call that enumerates on its caller's would hold up the test.
        var computing = Task.Run(
            () => client.ComputeHistoryStabilityAsync(new ComputeHistoryStabilityStreamStart(), frames.ReadAsync().ToBlockingEnumerable(), cancellation.Token));
        await frames.Waits.Within();
        await cancellation.CancelAsync();
        var error = await Assert.ThrowsAnyAsync<Exception>(() => computing.Within());

        Assert.True(error is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled }, error.ToString());
        await AssertNothingIsLeftAsync(server);
        frames.Release();
        await frames.Disposed.Within();
    }

    [Fact]
    public async Task ImportAsync_ClientIsDisposedWhileTheStreamWaits_EndsTheCall()
    {
        await using var server = await TestServer.StartAsync();
        var client = Connect(server);
        var waits = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        var importing = client.Runs.ImportAsync(new ImportRunStart(), new WaitingStream(waits));
        await waits.Task.Within();
        client.Dispose();
        var error = await Assert.ThrowsAnyAsync<Exception>(() => importing.Within());

        Assert.True(error is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled }, error.ToString());
        await AssertNothingIsLeftAsync(server);
    }

    private static MfnClient Connect(TestServer server) => new(new MfnClientOptions { Address = server.Address });

    private static async Task AssertNothingIsLeftAsync(TestServer server)
    {
        await server.StopAsync().Within();
        Assert.Equal((0, 0), (server.OpenCalls.Count, server.AggregationMemory.ReservedBytes));
    }

    /// <summary>So many items, each after a pause of nothing, and then the failure, if there is one.</summary>
    private static async IAsyncEnumerable<T> Broken<T>(int count, Func<int, T> item, Exception? failure)
    {
        for (var i = 0; i < count; i++)
        {
            await Task.Yield();
            yield return item(i);
        }

        if (failure is not null)
        {
            throw failure;
        }
    }

    private sealed class WaitingSource<T>(T[] items, bool heedsItsToken)
    {
        private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _waits = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Waits => _waits.Task;

        public Task Disposed => _disposed.Task;

        public void Release() => _release.TrySetResult();

        public async IAsyncEnumerable<T> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            try
            {
                foreach (var item in items)
                {
                    yield return item;
                }

                _waits.TrySetResult();
                await (heedsItsToken ? _release.Task.WaitAsync(cancellationToken) : _release.Task);
            }
            finally
            {
                _disposed.TrySetResult();
            }
        }
    }

    private sealed class WaitingStream(TaskCompletionSource waits) : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            waits.TrySetResult();
            return await new TaskCompletionSource<int>().Task.WaitAsync(cancellationToken);
        }
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new IOException("The disk is gone.");
    }

    private sealed class EndlessWriter : IClientStreamWriter<AggregateStreamRequest>
    {
        private readonly TaskCompletionSource _begun = new();

        public Task HasBegun => _begun.Task;

        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(AggregateStreamRequest message) => WriteAsync(message, CancellationToken.None);

        public Task WriteAsync(AggregateStreamRequest message, CancellationToken cancellationToken)
        {
            _begun.TrySetResult();
            return new TaskCompletionSource().Task;
        }

        public Task CompleteAsync() => Task.CompletedTask;
    }
}
