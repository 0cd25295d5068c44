using Mfn.Core.Simulation;
using Mfn.Core.Steering;
using Mfn.Server.Calls;
using Mfn.Server.Frames;
using Mfn.Server.Runs;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Runs;

/// <summary>What a subscription does with frames that its watcher does not take.</summary>
public sealed class DeliveryTests : IDisposable
{
    private const int GridSize = 8;

    private static readonly FrameFormat Format = new(CellEncoding.Float64, FieldWindow.Whole(GridSize), HasStatistics: false, Features: null, Deltas: null);

    private readonly FieldBufferPool _buffers = new();
    private readonly FrameEncoder _encoder;
    private readonly SteeredSimulation _simulation = new(new SimulationSpec { GridSize = GridSize });

    public DeliveryTests() => _encoder = new FrameEncoder(_buffers);

    public void Dispose()
    {
        _encoder.Dispose();
        _simulation.Dispose();
    }

    [Fact]
    public async Task Lossless_BacklogFull_EndsAfterWhatIsInIt()
    {
        using var subscription = Subscribe(Delivery.Lossless, backlog: 3);

        Offer(subscription, stepCount: 10);

        Assert.Equal(["frame 1", "frame 2", "frame 3", "overrun at 3 frames"], await TakeAsync(subscription, 4));
    }

    [Fact]
    public async Task Latest_SlowWatcher_GetsTheNewestAndIsToldHowManyItMissed()
    {
        using var subscription = Subscribe(Delivery.Latest, backlog: 3);

        Offer(subscription, stepCount: 10);
        var first = await TakeAsync(subscription, 2);
        Offer(subscription, stepCount: 1);

        Assert.Equal(["dropped 9 before 10", "frame 10"], first);
        Assert.Equal(["frame 11"], await TakeAsync(subscription, 1));
    }

    [Fact]
    public async Task DropOldest_SlowWatcher_GetsTheLastOnesAfterAGap()
    {
        using var subscription = Subscribe(Delivery.DropOldest, backlog: 3);

        Offer(subscription, stepCount: 10);

        Assert.Equal(["dropped 7 before 8", "frame 8", "frame 9", "frame 10"], await TakeAsync(subscription, 4));
    }

    [Fact]
    public async Task Degrade_SlowWatcher_GetsLessAndLessAndMoreAgainWhenThereIsRoom()
    {
        using var subscription = Subscribe(Delivery.Degrade, backlog: 2, new WatchQuality(2, Format), new WatchQuality(4, Format));

        // The third frame finds the backlog full.
        Offer(subscription, stepCount: 3);
        Assert.Equal(2, subscription.Quality.EveryNSteps);
        Offer(subscription, stepCount: 1);
        Assert.Equal(["dropped 3 before 4", "every 2", "frame 4"], await TakeAsync(subscription, 3));

        Offer(subscription, stepCount: 6);
        Assert.Equal(4, subscription.Quality.EveryNSteps);
        Offer(subscription, stepCount: 2);
        Assert.Equal(["dropped 3 before 12", "every 4", "frame 12"], await TakeAsync(subscription, 3));

        // Frames that are taken as they come make it patient, then bold: one level at a time.
        var items = new List<string>();
        while (subscription.Quality.EveryNSteps > 1)
        {
            Offer(subscription, stepCount: 1);
            while (subscription.BacklogCount > 0)
            {
                items.AddRange(await TakeAsync(subscription, 1));
            }
        }

        Offer(subscription, stepCount: 1);
        items.AddRange(await TakeAsync(subscription, 2));
        Assert.Equal(["every 2", "restored"], items.Where(item => !item.StartsWith("frame", StringComparison.Ordinal)));
        Assert.Equal($"frame {_simulation.Step}", items[^1]);
    }

    [Fact]
    public async Task Degrade_NothingLeftToGiveUp_DropsTheOldest()
    {
        using var subscription = Subscribe(Delivery.Degrade, backlog: 2);

        Offer(subscription, stepCount: 5);

        Assert.Equal(["dropped 3 before 4", "frame 4", "frame 5"], await TakeAsync(subscription, 3));
    }

    [Fact]
    public async Task BacklogBytes_FramesThatExceedThem_AreDroppedButOne()
    {
        using var subscription = new Subscription(Delivery.DropOldest, [new WatchQuality(1, Format)], maxFrames: 10, maxBytes: GridSize * GridSize * 8 * 2);

        Offer(subscription, stepCount: 5);

        Assert.Equal(["dropped 3 before 4", "frame 4", "frame 5"], await TakeAsync(subscription, 3));
    }

    [Fact]
    public async Task BacklogBytes_LosslessWatcherThatExceedsThem_IsToldOfThemAndNotOfFrames()
    {
        const int MaxBytes = GridSize * GridSize * 8 * 2;
        using var subscription = new Subscription(Delivery.Lossless, [new WatchQuality(1, Format)], maxFrames: 10, MaxBytes);

        Offer(subscription, stepCount: 5);

        Assert.Equal(["frame 1", "frame 2", $"overrun at {MaxBytes} bytes"], await TakeAsync(subscription, 3));
        Assert.StartsWith(
            $"Frames of more than {MaxBytes} bytes (Runs:MaxBacklogBytesPerWatcher) waited for this watcher.",
            CallRefusedException.WatcherTooSlow(maxFrames: 10, MaxBytes).Message,
            StringComparison.Ordinal);
        Assert.StartsWith(
            "More than 10 frames (backlog_frames) waited for this watcher.", CallRefusedException.WatcherTooSlow(maxFrames: 10, maxBytes: null).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Take_CancelledWhileFramesWait_IsCancelled()
    {
        using var subscription = Subscribe(Delivery.DropOldest, backlog: 2);
        using var leaving = new CancellationTokenSource();
        Offer(subscription, stepCount: 5);
        await leaving.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => subscription.TakeAsync(leaving.Token).AsTask().Within());
    }

    [Fact]
    public async Task End_SlowWatcher_ComesAfterTheBacklog()
    {
        using var subscription = Subscribe(Delivery.Lossless, backlog: 3);

        Offer(subscription, stepCount: 2);
        subscription.End(new RunEnd(RunEndReason.Deleted));
        Offer(subscription, stepCount: 1);

        Assert.Equal(["frame 1", "frame 2", "end Deleted"], await TakeAsync(subscription, 3));
    }

    [Fact]
    public async Task Remind_TwiceWhileTheWatcherWaits_TellsItThatNothingHappens()
    {
        using var subscription = Subscribe(Delivery.Lossless, backlog: 3);
        Offer(subscription, stepCount: 1);
        Assert.Equal(["frame 1"], await TakeAsync(subscription, 1));

        var next = subscription.TakeAsync(CancellationToken.None).AsTask();
        subscription.Remind();
        Assert.False(next.IsCompleted);
        subscription.Remind();

        Assert.IsType<WatchItem.Quiet>(await next.Within());
    }

    [Fact]
    public async Task Remind_SomethingCameSinceTheLastTime_TellsNothing()
    {
        using var subscription = Subscribe(Delivery.Lossless, backlog: 3);

        subscription.Remind();
        Offer(subscription, stepCount: 1);
        Assert.Equal(["frame 1"], await TakeAsync(subscription, 1));
        var next = subscription.TakeAsync(CancellationToken.None).AsTask();
        subscription.Remind();
        Offer(subscription, stepCount: 1);

        Assert.Equal("frame 2", Describe(await next.Within()));
    }

    [Fact]
    public async Task TakeAsync_CancelledWhileItWaits_Throws()
    {
        using var subscription = Subscribe(Delivery.Lossless, backlog: 3);
        using var leaving = new CancellationTokenSource();

        var next = subscription.TakeAsync(leaving.Token).AsTask();
        await leaving.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => next.Within());
    }

    [Fact]
    public void Dispose_FramesInTheBacklog_GoBackToThePool()
    {
        foreach (var delivery in Enum.GetValues<Delivery>())
        {
            var subscription = Subscribe(delivery, backlog: 3, new WatchQuality(2, Format));
            Offer(subscription, stepCount: 10);
            _encoder.Forget();
            Assert.NotEqual(0, _buffers.RentedCount);

            subscription.Dispose();
            Offer(subscription, stepCount: 2);
            _encoder.Forget();

            Assert.Equal(0, _buffers.RentedCount);
        }
    }

    private static Subscription Subscribe(Delivery delivery, int backlog, params WatchQuality[] less) =>
        new(delivery, [new WatchQuality(1, Format), .. less], backlog, maxBytes: 1 << 20);

    /// <summary>Takes steps and offers those that are due.</summary>
    private void Offer(Subscription subscription, int stepCount)
    {
        for (var i = 0; i < stepCount; i++)
        {
            _simulation.Advance(1);
            if (subscription.IsDue(_simulation.Step))
            {
                var frame = _encoder.Encode(new FrameSource(_simulation.Engine, _simulation.Revision), subscription.Quality.Format);
                subscription.Offer(frame);
                frame.Release();
            }
        }
    }

    private static async Task<List<string>> TakeAsync(Subscription subscription, int count)
    {
        var items = new List<string>();
        for (var i = 0; i < count; i++)
        {
            items.Add(Describe(await subscription.TakeAsync(CancellationToken.None).AsTask().Within()));
        }

        return items;
    }

    private static string Describe(WatchItem item)
    {
        switch (item)
        {
            case WatchItem.Frame { Shared: var frame }:
                var step = frame.Step;
                frame.Release();
                return $"frame {step}";
            case WatchItem.Dropped dropped:
                return $"dropped {dropped.Count} before {dropped.NextStep}";
            case WatchItem.Degraded { Quality: var quality }:
                return $"every {quality.EveryNSteps}";
            case WatchItem.Restored:
                return "restored";
            case WatchItem.Overrun overrun:
                return overrun.MaxBytes is null ? $"overrun at {overrun.MaxFrames} frames" : $"overrun at {overrun.MaxBytes} bytes";
            case WatchItem.Ended { End: var end }:
                return $"end {end.Reason}";
            default:
                throw new ArgumentException($"{item} is not known.", nameof(item));
        }
    }
}
