using Grpc.Core;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.Frames;

namespace Mfn.Server.Tests.Runs;

/// <summary>
/// A watcher whose calls are cut at random while the run goes on, and what the contract says that it must have had, which depends on the order of
/// frames, gaps and what it was told of its quality.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="request">What to watch.</param>
/// <param name="random">Of the cuts.</param>
/// <param name="upAsync">Waits for whom to ask.</param>
internal sealed class LiveWatcher(SteeredRun run, WatchRunRequest request, Random random, Func<Task<RunService.RunServiceClient>> upAsync)
{
    private const long NotNext = -1;

    private readonly List<(int Call, WatchRunResponse Message)> _messages = [];
    private NaiveWatcher? _watcher;
    private int _callCount;

    public Delivery Delivery => request.Delivery;

    /// <summary>The streams that ended because this watcher was too slow.</summary>
    public int OverrunCount { get; private set; }

    /// <summary>The calls that have ended.</summary>
    public int CallCount => _callCount;

    /// <summary>The last step that it knows of.</summary>
    public long LastStep => _watcher!.Last.Step;

    /// <summary>The first step by which there is something more that it has asked for.</summary>
    public long NextStep => LastStep + request.EveryNSteps;

    public IReadOnlyList<Gap> Gaps => _watcher!.Gaps;

    /// <summary>Degradations that it was told.</summary>
    public int FellBehindCount => _messages.Count(one => one.Message.FellBehind is not null);

    private NaiveWatcher Watcher => _watcher!;

    /// <summary>Watches until the run has stopped, in calls of at most so many messages.</summary>
    /// <param name="maxMessages">Of one call.</param>
    /// <param name="onCutAsync">What happens between two calls.</param>
    /// <exception cref="RpcException">The run is not there any more.</exception>
    public async Task WatchAsync(int maxMessages, Func<LiveWatcher, Task>? onCutAsync = null)
    {
        while (_watcher?.End is null)
        {
            var simulation = await upAsync();
            _watcher ??= run.Watcher(simulation);
            _watcher.Runs = simulation;
            var count = random.Next(1, maxMessages);
            try
            {
                await _watcher.WatchAsync(request, message =>
                {
                    Take(message);
                    return --count == 0;
                });
            }
            catch (RpcException error) when (KilledServer.IsCut(error))
            {
                Take(error);
            }

            _callCount++;
            if (_watcher.End is null && onCutAsync is not null)
            {
                await onCutAsync(this);
            }
        }
    }

    /// <summary>Reads a call that was begun before, and what follows in others, to the end.</summary>
    public async Task ReadAsync(AsyncServerStreamingCall<WatchRunResponse> call)
    {
        try
        {
            await Watcher.ReadAsync(call, message =>
            {
                Take(message);
                return false;
            });
        }
        catch (RpcException error) when (KilledServer.IsCut(error))
        {
            Take(error);
        }

        _callCount++;
        await WatchAsync(maxMessages: int.MaxValue);
    }

    /// <summary>Begins a call and reads nothing.</summary>
    public async Task<AsyncServerStreamingCall<WatchRunResponse>> OpenAsync()
    {
        _watcher = run.Watcher(await upAsync());
        return _watcher.Open(request);
    }

    /// <summary>Fails unless the watcher has had what it must have had of the states, or been told what it lacks.</summary>
    /// <param name="states">All states up to the last that it may have seen.</param>
    /// <param name="mayBeTrimmed">Whether the run keeps less history than it has.</param>
    public void Check(IReadOnlyList<HistoryState> states, bool mayBeTrimmed = false)
    {
        var places = Enumerable.Range(0, states.Count).ToDictionary(i => (states[i].Step, states[i].Revision));
        var asked = new FellBehind { EveryNSteps = request.EveryNSteps, Downsampling = request.Downsampling, FieldEncoding = request.FieldEncoding };
        var (quality, call, place, frameCount) = (asked, -1, -1, 0);
        var (dropped, firstAvailable) = (0L, NotNext);
        long? firstKept = null;
        foreach (var (callOfMessage, message) in _messages)
        {
            if (callOfMessage != call)
            {
                // What was dropped before is replayed, in the quality asked for; history that was trimmed is not.
                (call, quality, dropped) = (callOfMessage, asked, 0);
                firstAvailable = firstKept ?? NotNext;
            }

            switch (message.KindCase)
            {
                case WatchRunResponse.KindOneofCase.Gap when message.Gap is { Reason: GapReason.HistoryTrimmed } gap:
                    Assert.True(mayBeTrimmed, "All of the history is kept.");
                    Assert.True(place < 0 || gap.FirstAvailableStep >= states[place].Step, "The gap is behind the watcher.");
                    firstKept = firstAvailable = gap.FirstAvailableStep;
                    break;
                case WatchRunResponse.KindOneofCase.Gap:
                    Assert.NotEqual(Delivery.Lossless, Delivery);
                    Assert.Equal(GapReason.SlowWatcher, message.Gap.Reason);
                    Assert.True(message.Gap.DroppedFrames > 0);
                    dropped += message.Gap.DroppedFrames;
                    firstAvailable = message.Gap.FirstAvailableStep;
                    break;
                case WatchRunResponse.KindOneofCase.FellBehind:
                    Assert.Equal(Delivery.Degrade, Delivery);
                    quality = message.FellBehind;
                    break;
                case WatchRunResponse.KindOneofCase.CaughtUp:
                    quality = asked;
                    break;
                case WatchRunResponse.KindOneofCase.End:
                    Assert.Equal(EndReason.Stopped, message.End.Reason);
                    CheckBetween(states.Count);
                    Assert.True(Delivery == Delivery.Degrade || place == states.Count - 1, "The last frame is missing.");
                    break;
                case WatchRunResponse.KindOneofCase.Snapshot or WatchRunResponse.KindOneofCase.Delta:
                    var frame = Watcher.Frames[frameCount++];
                    Assert.True(places.TryGetValue((frame.Step, frame.Revision), out var next), $"The run was never at step {frame.Step}, revision {frame.Revision}.");
                    Assert.True(firstAvailable == NotNext || message.Snapshot is not null, "What follows a gap is a snapshot.");
                    Assert.True(frame.Step >= firstAvailable, $"The gap told that step {firstAvailable} was the next, but it was {frame.Step}.");
                    if (firstKept is null)
                    {
                        if (place >= 0)
                        {
                            CheckBetween(next);
                            Assert.True(states[next].IsDue(quality.EveryNSteps) || next == states.Count - 1, $"The frame of step {frame.Step}, revision {frame.Revision} was not due.");
                        }
                        else if (request.StartCase == WatchRunRequest.StartOneofCase.FromStep)
                        {
                            Assert.Equal((request.FromStep, StateCause.Step), (states[next].Step, states[next].Cause));
                        }
                    }

                    CheckFrame(frame, message.Snapshot?.Field ?? message.Delta.Field, states[next]);
                    (place, firstKept, dropped, firstAvailable) = (next, null, 0, NotNext);
                    break;
            }
        }

        Assert.Equal(Watcher.Frames.Count, frameCount);

        void CheckBetween(int next)
        {
            if (firstKept is not null)
            {
                // How many frames were in the history that was trimmed is not told.
                return;
            }

            if (dropped == 0)
            {
                Assert.Equal(0, Missing(quality.EveryNSteps));
            }
            else
            {
                // While it gets ever less the watcher is not told when each quality began.
                Assert.InRange(dropped, KnowsItsStart(place) ? Missing(quality.EveryNSteps) : 1, Missing(asked.EveryNSteps));
                Assert.True(Delivery == Delivery.Degrade || next < states.Count, "Nothing but the newest frame is left.");
            }

            int Missing(int everyNSteps) => Enumerable.Range(place + 1, next - place - 1).Count(i => states[i].IsDue(everyNSteps) || i == states.Count - 1);
        }

        void CheckFrame(WatchedFrame frame, Field field, HistoryState state)
        {
            Assert.Equal((quality.FieldEncoding, quality.Downsampling), (field.Encoding, frame.Facts.Downsampling));
            var region = request.Region ?? new Region { Rows = run.GridSize, Columns = run.GridSize };
            var means = NaiveFrames.Means(state.Volts, run.GridSize, region.Row, region.Column, region.Rows, region.Columns, quality.Downsampling);
            frame.AssertShows(means, quality.FieldEncoding);
        }
    }

    /// <summary>The state that it was to begin with may have been dropped too.</summary>
    private bool KnowsItsStart(int place) => place >= 0 || request.StartCase == WatchRunRequest.StartOneofCase.FromStep;

    private void Take(WatchRunResponse message) => _messages.Add((_callCount, message));

    private void Take(RpcException error)
    {
        if (error.StatusCode == StatusCode.ResourceExhausted)
        {
            Assert.Equal(Delivery.Lossless, Delivery);
            Assert.NotNull(error.GetRetryDelay());
            OverrunCount++;
        }
    }
}
