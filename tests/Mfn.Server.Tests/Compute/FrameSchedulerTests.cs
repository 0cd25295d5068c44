using System.Diagnostics;
using Mfn.Server.Compute;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Compute;

public sealed class FrameSchedulerTests
{
    [Fact]
    public async Task Compute_HistoryWhileStepsLeaveNoTimeAndFramesHaveHadTheirs_DoesNotWait()
    {
        using var steps = new ComputeScheduler();
        using var frames = new FrameScheduler(steps, TimeProvider.System);
        using var over = new ManualResetEventSlim();
        var busy = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => steps.QueueOf(holder: null).ComputeAsync(() => over.Wait(TimeSpan.FromMinutes(1)), CancellationToken.None)).ToArray();
        try
        {
            var item = new LongItem();
            frames.Queue(item);
            await item.Ended.Within();

            // At the least share of two processors the frames of the present wait eleven seconds after this one.
            var start = Stopwatch.GetTimestamp();
            Assert.Equal(42, await frames.ComputeAsync(() => 42, CancellationToken.None).Within());
            Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(3));
        }
        finally
        {
            over.Set();
            await Task.WhenAll(busy).Within();
        }
    }

    private sealed class LongItem : IThreadPoolWorkItem
    {
        private static readonly TimeSpan Time = TimeSpan.FromSeconds(1);
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ended => _ended.Task;

        public void Execute()
        {
            var start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start) < Time)
            {
                Thread.SpinWait(1000);
            }

            _ended.SetResult();
        }
    }
}
