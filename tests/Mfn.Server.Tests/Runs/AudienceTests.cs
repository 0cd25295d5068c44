using System.Runtime.InteropServices;
using Mfn.Core.Features;
using Mfn.Core.Simulation;
using Mfn.Server.Frames;
using Mfn.Server.Runs;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Runs;

/// <summary>What watchers get of the frames that are made beside the run: all that are due, in order, or a count of those that they miss.</summary>
public sealed class AudienceTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Publish_ManyFormatsWhileWatchersComeAndGo_EachGetsWhatIsDueOrIsToldHowManyItMisses(int seed)
    {
        const int StepCount = 300;
        await using var server = await TestServer.StartAsync();
        var random = new Random(seed);
        using var engine = new SimulationEngine(new SimulationSpec { GridSize = 24, IsJitterEnabled = true });
        var audience = new Audience(server.RunServices);
        var watchers = new List<CountingWatcher>();
        for (var step = 0; step < StepCount; step++)
        {
            if (random.Next(4) == 0)
            {
                var watcher = new CountingWatcher(Draw(random, engine.Spec.GridSize), step, random);
                watchers.Add(watcher);
                audience.Attach(watcher.Subscription, engine, 0, begins: true, end: null);
                watcher.Begin();
            }

            if (random.Next(16) == 0 && watchers.FindLast(watcher => watcher.LeftAt is null) is { } leaving)
            {
                leaving.LeftAt = step;
                audience.Detach(leaving.Subscription);
                leaving.Subscription.End(new RunEnd(RunEndReason.Deleted));
            }

            engine.TakeStep();
            audience.NoteRest();
            audience.Publish(engine, 0, stepCount: 1);
        }

        audience.End(new RunEnd(RunEndReason.Stopped));
        await Task.WhenAll(watchers.Select(watcher => watcher.Ended)).Within();
        await audience.DisposeAsync();

        Assert.All(watchers, watcher => watcher.Check(StepCount));
        Assert.Equal(0, server.Buffers.RentedCount);
        Assert.Equal(0, server.RunServices.BacklogMemory.TakenBytes);
    }

    [Fact]
    public async Task Publish_CheapFormatOfManyAmongCostlyOnes_IsNotHeldUpAndNoneIsLeftOut()
    {
        const int StepCount = 30;
        await using var server = await TestServer.StartAsync();
        using var engine = new SimulationEngine(new SimulationSpec { GridSize = 64 });
        var audience = new Audience(server.RunServices);
        var many = Enumerable.Range(0, 50).Select(_ => Attach(Format(CellEncoding.Float32, 64))).ToList();
        var costly = Enumerable.Range(0, 60)
            .Select(i => Attach(Format(CellEncoding.None, 64) with { Features = FeatureOptions.Default with { LowThresholdMillivolts = -60.0 - (i * 0.5) } })).ToList();
        for (var step = 0; step < StepCount; step++)
        {
            engine.TakeStep();
            audience.NoteRest();
            audience.Publish(engine, 0, stepCount: 1);
        }

        // Format by format in the order in which they came, all costly frames of a state would stand before the next one of the many.
        await TakeAsync(many, StepCount);
        Assert.InRange(costly.Sum(watcher => watcher.BacklogCount), 0, costly.Count * StepCount * 8 / 10);

        await TakeAsync(costly, 1);
        audience.End(new RunEnd(RunEndReason.Deleted));
        await audience.DisposeAsync();
        many.ForEach(subscription => subscription.Dispose());
        costly.ForEach(subscription => subscription.Dispose());
        Assert.Equal(0, server.Buffers.RentedCount);

        Subscription Attach(FrameFormat format)
        {
            var subscription = new Subscription(Delivery.DropOldest, [new WatchQuality(1, format)], 1024, 1 << 30);
            audience.Attach(subscription, engine, 0, begins: false, end: null);
            return subscription;
        }

        static async Task TakeAsync(List<Subscription> subscriptions, int count)
        {
            foreach (var subscription in subscriptions)
            {
                for (var i = 0; i < count; i++)
                {
                    var frame = Assert.IsType<WatchItem.Frame>(await subscription.TakeAsync(CancellationToken.None).AsTask().Within());
                    frame.Shared.Release();
                }
            }
        }
    }

    [Fact]
    public async Task Publish_FewWatchersOfTheFieldAsItIs_HaveTheFrameAtOnceAndToTheBit()
    {
        await using var server = await TestServer.StartAsync();
        using var engine = new SimulationEngine(new SimulationSpec { GridSize = 24 });
        await using var audience = new Audience(server.RunServices);
        using var subscription = new Subscription(Delivery.DropOldest, [new WatchQuality(1, Format(CellEncoding.Float64, 24))], 1024, 1 << 30);
        audience.Attach(subscription, engine, 0, begins: false, end: null);
        for (var step = 1; step <= 5; step++)
        {
            engine.TakeStep();
            audience.Publish(engine, 0, stepCount: 1);

            Assert.True(subscription.HasNext);
            var frame = Assert.IsType<WatchItem.Frame>(await subscription.TakeAsync(CancellationToken.None).AsTask().Within()).Shared;
            Assert.Equal(step, frame.Step);
            Assert.Equal(MemoryMarshal.AsBytes(engine.Potential), frame.Field!.Value.Bytes.Span);
            frame.Release();
        }

        Assert.Equal((0, 0), (server.RunServices.BacklogMemory.TakenBytes, server.Buffers.RentedCount));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Publish_FewWatchersOfTheFieldAsItIsAndOneWhoComesAndGoes_EachGetsWhatIsDueInOrder(int seed)
    {
        const int StepCount = 500;
        await using var server = await TestServer.StartAsync();
        var random = new Random(seed);
        using var engine = new SimulationEngine(new SimulationSpec { GridSize = 24, IsJitterEnabled = true });
        var audience = new Audience(server.RunServices);
        var watchers = Enumerable.Range(1, 3).Select(every => Attach(new WatchQuality(every, Format(CellEncoding.Float32, 24)))).ToList();
        CountingWatcher? other = null;
        for (var step = 0; step < StepCount; step++)
        {
            if (random.Next(8) == 0)
            {
                if (other is null)
                {
                    watchers.Add(other = Attach(Draw(random, 24).Item2));
                }
                else
                {
                    other.LeftAt = step;
                    audience.Detach(other.Subscription);
                    other.Subscription.End(new RunEnd(RunEndReason.Deleted));
                    other = null;
                }
            }

            engine.TakeStep();
            audience.NoteRest();
            audience.Publish(engine, 0, stepCount: 1);
        }

        audience.End(new RunEnd(RunEndReason.Stopped));
        await Task.WhenAll(watchers.Select(watcher => watcher.Ended)).Within();
        await audience.DisposeAsync();

        Assert.All(watchers, watcher => watcher.Check(StepCount));
        Assert.Equal((0, 0), (server.RunServices.BacklogMemory.TakenBytes, server.Buffers.RentedCount));

        CountingWatcher Attach(WatchQuality quality)
        {
            var watcher = new CountingWatcher((Delivery.DropOldest, quality), engine.Step, random);
            audience.Attach(watcher.Subscription, engine, 0, begins: true, end: null);
            watcher.Begin();
            return watcher;
        }
    }

    [Fact]
    public async Task Publish_StepsWithoutTimeForThem_AreToldOfAndTheOneOfThePauseIsBrought()
    {
        await using var server = await TestServer.StartAsync();
        using var engine = new SimulationEngine(new SimulationSpec { GridSize = 256 });
        await using var audience = new Audience(server.RunServices);
        using var subscription = new Subscription(Delivery.DropOldest, [new WatchQuality(1, Format(CellEncoding.Float64, 256))], 1024, 1 << 30);
        audience.Attach(subscription, engine, 0, begins: false, end: null);

        // Nothing is earned, so that at some step nothing is left to spend.
        while (audience.StepsUntilDue(engine) is var count && count < int.MaxValue)
        {
            engine.Advance(count);
            audience.Publish(engine, 0, count);
        }

        var brought = engine.Step;
        engine.Advance(8);
        audience.Publish(engine, 0, stepCount: 8);
        engine.Advance(2);
        audience.Publish(engine, 0, stepCount: 2);
        audience.CatchUp(engine, 0);

        Assert.Equal(int.MaxValue, audience.StepsUntilDue(engine));
        var (frames, dropped) = (0, 0L);
        while (frames + dropped < engine.Step)
        {
            switch (await subscription.TakeAsync(CancellationToken.None).AsTask().Within())
            {
                case WatchItem.Frame frame:
                    Assert.InRange(frame.Shared.Step, 1, brought + 10);
                    Assert.True(frame.Shared.Step <= brought || frame.Shared.Step == brought + 10, $"Step {frame.Shared.Step} was passed.");
                    frames++;
                    frame.Shared.Release();
                    break;
                case WatchItem.Dropped missed:
                    dropped += missed.Count;
                    break;
            }
        }

        Assert.Equal(engine.Step, frames + dropped);
    }

    [Fact]
    public async Task Backlogs_ManyWatchersWhoTakeNothing_StayWithinTheMemoryAndLeaveSomeForWhoTakesFrames()
    {
        const long Limit = 16L << 20;
        await using var server = await TestServer.StartAsync("Runs:MaxBacklogBytes=16777216");
        var memory = server.RunServices.BacklogMemory;
        using var engine = new SimulationEngine(new SimulationSpec { GridSize = 128 });
        var audience = new Audience(server.RunServices);
        var silent = Enumerable.Range(0, 100).Select(i => Attach(Format(CellEncoding.Float64, 128) with { Window = new FieldWindow(0, 0, 128 - i, 128, 1) })).ToList();
        var honest = Attach(Format(CellEncoding.Float32, 128));
        var (seen, most) = (0, 0L);
        for (var step = 1; step <= 100; step++)
        {
            engine.TakeStep();
            audience.NoteRest();
            audience.Publish(engine, 0, stepCount: 1);
            while (seen < step)
            {
                switch (await honest.TakeAsync(CancellationToken.None).AsTask().Within())
                {
                    case WatchItem.Frame { Shared: var shared }:
                        seen = shared.Step;
                        shared.Release();
                        break;
                    case WatchItem.Dropped dropped:
                        Assert.Fail($"The watcher who takes frames missed {dropped.Count} before step {dropped.NextStep}.");
                        break;
                }
            }

            most = Math.Max(most, memory.TakenBytes);
        }

        // A hundred watchers with a thousand frames of 128 KiB each would have 12 GiB.
        Assert.InRange(most, Limit / 4, Limit);
        foreach (var subscription in silent.Append(honest))
        {
            audience.Detach(subscription);
            subscription.Dispose();
        }

        await audience.DisposeAsync();
        Assert.Equal((0, 0), (memory.TakenBytes, server.Buffers.RentedCount));

        Subscription Attach(FrameFormat format)
        {
            var subscription = new Subscription(Delivery.DropOldest, [new WatchQuality(1, format)], 1024, 1 << 30);
            audience.Attach(subscription, engine, 0, begins: false, end: null);
            return subscription;
        }
    }

    private static FrameFormat Format(CellEncoding encoding, int gridSize) => new(encoding, FieldWindow.Whole(gridSize), HasStatistics: false, Features: null, Deltas: null);

    private static (Delivery, WatchQuality) Draw(Random random, int gridSize)
    {
        var everyNSteps = random.Next(1, 4);
        var window = new FieldWindow(random.Next(4), random.Next(4), random.Next(4, gridSize - 4), random.Next(4, gridSize - 4), random.Next(1, 3));
        var encoding = (CellEncoding)random.Next(1, 5);
        var format = new FrameFormat(
            encoding, window, random.Next(2) == 0, random.Next(4) == 0 ? FeatureOptions.Default : null, DeltaPlan.Of(everyNSteps, random.Next(1, 5)));
        return ((Delivery)random.Next(1, 3), new WatchQuality(everyNSteps, format));
    }

    /// <summary>Takes what there is, and counts.</summary>
    private sealed class CountingWatcher((Delivery Delivery, WatchQuality Quality) wanted, int step, Random random)
    {
        private readonly int _pause = random.Next(3);
        private readonly List<int> _steps = [];
        private long _dropped;

        public Subscription Subscription { get; } = new(wanted.Delivery, [wanted.Quality], random.Next(1, 20), 1 << 20);

        public int? LeftAt { get; set; }

        public Task Ended { get; private set; } = Task.CompletedTask;

        public void Begin() => Ended = Task.Run(TakeAsync);

        public void Check(int lastStep)
        {
            Assert.Equal(_steps.Order().Distinct(), _steps);
            if (LeftAt is null)
            {
                // The one that it begins with need not be due; every one after it is there or counted.
                Assert.All(_steps.Where(taken => taken != step), taken => Assert.Equal(0, taken % wanted.Quality.EveryNSteps));
                var due = Enumerable.Range(step + 1, lastStep - step).Count(taken => taken % wanted.Quality.EveryNSteps == 0);
                Assert.Equal(due + 1, _steps.Count + _dropped);
                Assert.Equal(lastStep - (lastStep % wanted.Quality.EveryNSteps), _steps[^1]);
            }
        }

        private async Task TakeAsync()
        {
            while (true)
            {
                for (var i = 0; i < _pause; i++)
                {
                    await Task.Yield();
                }

                switch (await Subscription.TakeAsync(CancellationToken.None))
                {
                    case WatchItem.Frame { Shared: var shared }:
                        _steps.Add(shared.Step);
                        shared.Release();
                        break;
                    case WatchItem.Dropped dropped:
                        _dropped += dropped.Count;
                        break;
                    case WatchItem.Ended:
                        Subscription.Dispose();
                        return;
                }
            }
        }
    }
}
