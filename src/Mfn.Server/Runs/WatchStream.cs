using System.Diagnostics;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Calls;
using Mfn.Server.Frames;
using Mfn.Server.Memory;
using Mfn.Server.Observability;
using Mfn.Server.Pricing;
using Mfn.Server.Quotas;
using Mfn.Server.Storage;
using Mfn.Server.Translation;

namespace Mfn.Server.Runs;

/// <summary>One watcher of a run: history first, if it asks for it, then what comes, until the run or the watcher ends.</summary>
/// <param name="run">The run.</param>
/// <param name="order">What the watcher asks for.</param>
/// <param name="services">What all watchers share.</param>
/// <param name="context">The watcher's call.</param>
/// <param name="writeAsync">Sends a message, together with the next one if told that more follows; serialises it before its first wait.</param>
internal sealed class WatchStream(Run run, WatchOrder order, RunServices services, ServerCallContext context, Func<WatchRunResponse, bool, Task> writeAsync)
{
    // Frames that wait are sent together up to this size: each sending costs about as much as the copying of so many bytes.
    private const int MaxBytesTogether = 64 * 1024;

    // A message that is not counted, for memory is taken, is waited for so long.
    private static readonly TimeSpan UncountedTime = TimeSpan.FromSeconds(1);

    // A replay gives its slot to somebody who waits after this time.
    private static readonly TimeSpan ReplaySlice = TimeSpan.FromSeconds(1);

    // The first message brings the headers, which tell how long the server may be silent.
    private static readonly TimeSpan FirstSign = TimeSpan.FromSeconds(1);

    private readonly WatchMessages _messages = new(run, order.Token);
    private readonly long _begun = Stopwatch.GetTimestamp();
    private readonly FrameMetrics _frames = services.Metrics.FramesOf(MetricLabel.ValueOf(order.Delivery));
    private WatchTrace? _trace;
    private bool _hasFrame;
    private CellStepReservation? _paid;
    private Replay? _replay;
    private long _replayStart;
    private long _stepsBehind;

    private WatchQuality Asked => order.Qualities[0];

    private TimeSpan MaxSilence => _messages.HasBegun || services.Options.HeartbeatInterval < FirstSign ? services.Options.HeartbeatInterval : FirstSign;

    /// <summary>Sends messages until the run ends.</summary>
    /// <exception cref="CallRefusedException">The start is out of range, the watcher was too slow, or the server stops.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var watch = QuotaAccount.Of(context).Hold(QuotaKind.Watchers);
        using var counted = run.AddWatcher();
        using var trace = _trace = WatchTrace.Begin(run, order.Delivery, services);
        if (order.Token is not null)
        {
            services.Metrics.Resumptions.Inc();
        }

        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, services.Lifetime.Draining);
        try
        {
            await WaitUntilCaughtUpAsync(leaving.Token);
            var start = await FindStartAsync();
            while (true)
            {
                using var subscription = new Subscription(
                    order.Delivery, order.Qualities, order.BacklogFrames, services.Options.MaxBacklogBytesPerWatcher);
                try
                {
                    if (start is null)
                    {
                        await run.AttachAsync(subscription, follows: null, maxLag: 0, leaving.Token);
                        _trace?.CaughtUp();
                    }
                    else if (!await ReplayAsync(subscription, leaving.Token))
                    {
                        start = await SkipToFirstAvailableAsync();
                        continue;
                    }

                    await DeliverAsync(subscription, leaving.Token);
                    return;
                }
                finally
                {
                    await DetachAsync(subscription);
                }
            }
        }
        catch (OperationCanceledException) when (services.Lifetime.Draining.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw CallRefusedException.Stopping();
        }
    }

    private async Task DetachAsync(Subscription subscription)
    {
        try
        {
            await run.DetachAsync(subscription);
        }
        catch (CallRefusedException)
        {
            // The run has gone, and its subscriptions with it.
        }
    }

    /// <summary>After a restart the run is behind what its watchers have seen for a while.</summary>
    private async Task WaitUntilCaughtUpAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await run.CaughtUp.WaitAsync(MaxSilence, services.Clock, cancellationToken);
                return;
            }
            catch (TimeoutException)
            {
                await WriteAsync(_messages.Other(new WatchRunResponse { Heartbeat = new Heartbeat() }));
            }
        }
    }

    /// <summary>Where to begin; null for the state as it is.</summary>
    private async Task<RunPosition?> FindStartAsync()
    {
        if (order.Token is { } token)
        {
            return token.Position <= run.History.Latest
                ? token.Position
                : throw CallRefusedException.OutOfRange($"The token is of step {token.Position.Step}, but the run is at step {run.History.Latest.Step}.");
        }

        if (order.FromStep is not { } step)
        {
            return null;
        }

        var latest = run.History.Latest;
        if (step > latest.Step)
        {
            throw CallRefusedException.OutOfRange($"from_step is {step}, but the run is at step {latest.Step}.");
        }

        if (run.History.ArrivalAt(step) is { } arrival)
        {
            _messages.BeginAt(arrival);
            return arrival;
        }

        return await SkipToFirstAvailableAsync();
    }

    /// <summary>Tells of the gap before the oldest state that is kept, and returns that; null for the state as it is.</summary>
    private async Task<RunPosition?> SkipToFirstAvailableAsync()
    {
        // One that wants no lossless stream has no use for old frames beyond the gap.
        var first = order.Delivery == Delivery.Lossless ? run.History.FirstAvailable : run.History.Latest;
        await WriteGapAsync(GapReason.HistoryTrimmed, first, droppedCount: 0);
        return order.Delivery == Delivery.Lossless && first < run.History.Latest ? first : null;
    }

    /// <summary>Sends history from where the watcher is to where the subscription begins; returns false if some of it is no longer kept.</summary>
    private async Task<bool> ReplayAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        // Steps that the run takes during the last part of the replay wait in the backlog, half of which is enough for them.
        using var span = _trace?.StartReplay();
        var maxLag = (int)Math.Min((long)Asked.EveryNSteps * Math.Max(1, order.BacklogFrames / 2), int.MaxValue);
        try
        {
            while (true)
            {
                var attachment = await run.AttachAsync(subscription, _messages.Position, maxLag, cancellationToken);
                if (!await ReplayToAsync(attachment, cancellationToken))
                {
                    return false;
                }

                if (attachment.IsAttached)
                {
                    await WriteAsync(_messages.Other(new WatchRunResponse { CaughtUp = new CaughtUp() }));
                    Spans.End(span);
                    _trace?.CaughtUp();
                    return true;
                }
            }
        }
        finally
        {
            EndReplay();
            NoteBehind(0);
        }
    }

    private async Task<bool> ReplayToAsync(Attachment attachment, CancellationToken cancellationToken)
    {
        var end = attachment.Position;
        while (!_messages.HasSent(end))
        {
            NoteBehind(end.Step - (_replay?.Position ?? _messages.Position).Step);
            if (_replay is null && !await BeginReplayAsync(cancellationToken))
            {
                return false;
            }

            var from = _replay!.Position.Step;
            var stop = await _replay.MoveAsync(end, Asked.EveryNSteps, cancellationToken);
            await PayAsync(_replay.PriceSince(from), cancellationToken);
            if (stop == ReplayStop.Trimmed)
            {
                return false;
            }

            var isFinal = _replay.Position == end && attachment is { IsAttached: true, HasEnded: true };
            if ((stop == ReplayStop.Frame || isFinal) && !_messages.HasSent(_replay.Position))
            {
                await SendAsync(_replay, cancellationToken);
            }

            if (_replay.Position == end)
            {
                break;
            }

            if (services.Replays.IsWanted && services.Clock.GetElapsedTime(_replayStart) > ReplaySlice)
            {
                EndReplay();
            }
        }

        return true;
    }

    /// <summary>Waits for its turn, goes to where the watcher is, and sends the frame of that if it has not got it.</summary>
    private async Task<bool> BeginReplayAsync(CancellationToken cancellationToken)
    {
        while (!await services.Replays.TryTakeAsync(MaxSilence, cancellationToken))
        {
            await WriteAsync(_messages.Other(new WatchRunResponse { Heartbeat = new Heartbeat() }));
        }

        try
        {
            _replay = await Replay.BeginAsync(run.History, _messages.Position, services, MemoryHolder.Of(context), cancellationToken);
        }
        finally
        {
            if (_replay is null)
            {
                services.Replays.GiveBack();
            }
        }

        _replayStart = services.Clock.GetTimestamp();
        if (_replay is not null && !_messages.HasSent(_replay.Position))
        {
            await SendAsync(_replay, cancellationToken);
        }

        return _replay is not null;
    }

    private void EndReplay()
    {
        if (_replay is not null)
        {
            _replay.Dispose();
            _replay = null;
            services.Replays.GiveBack();
        }
    }

    /// <summary>So many steps of history are still to come.</summary>
    private void NoteBehind(long stepCount)
    {
        services.Metrics.ReplayBacklog.Inc(stepCount - _stepsBehind);
        _stepsBehind = stepCount;
    }

    private Task WriteAsync(WatchRunResponse message) => writeAsync(message, false);

    private async Task SendAsync(Replay replay, CancellationToken cancellationToken)
    {
        var frame = await replay.EncodeAsync(Asked.Format, cancellationToken);
        var price = PriceOf(frame);
        await SendAsync(frame, isFollowed: false, isLive: false);
        await PayAsync(price, cancellationToken);
    }

    private async Task SendAsync(SharedFrame frame, bool isFollowed, bool isLive)
    {
        var byteCount = frame.ByteCount;
        var made = frame.Made;
        long sentBytes;
        Task writing;
        try
        {
            var message = _messages.Frame(frame);
            sentBytes = message.CalculateSize();
            writing = writeAsync(message, isFollowed);
        }
        finally
        {
            // The message has been serialised.
            frame.Release();
        }

        await (writing.IsCompleted ? writing : WaitForAsync(writing, byteCount));
        Note(sentBytes, isLive ? made : null);
    }

    private void Note(long sentBytes, long? made)
    {
        _trace?.Count(sentBytes, _messages.Position.Step);
        _frames.Sent.Inc();
        _frames.SentBytes.Inc(sentBytes);
        if (made is { } start)
        {
            services.Metrics.DeliveryLag.Observe(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        if (!_hasFrame)
        {
            _hasFrame = true;
            services.Metrics.FirstFrame.Observe(Stopwatch.GetElapsedTime(_begun).TotalSeconds);
        }
    }

    private Task WriteGapAsync(GapReason reason, RunPosition next, long droppedCount)
    {
        var label = MetricLabel.ValueOf(reason);
        services.Metrics.Gaps.WithLabels(label).Inc();
        _trace?.Gap(label, droppedCount);
        return WriteAsync(_messages.Gap(reason, next, droppedCount));
    }

    /// <summary>What a frame costs its watcher, whether it is sent whole or as a difference.</summary>
    private static long PriceOf(SharedFrame frame) => frame.Field is { } field
        ? PriceList.Frames(field.RowCount, field.ColumnCount, EncodedField.CellSize(field.Encoding), 1).CellSteps
        : 1;

    /// <summary>
    /// Pays for a frame or for the steps to it, and waits for what that is too much. Until then frames are dealt with as for a watcher that reads slowly; heartbeats come.
    /// </summary>
    private async ValueTask PayAsync(long price, CancellationToken cancellationToken)
    {
        _paid ??= QuotaAccount.Of(context).Payment.TellProgress();
        _paid.TakeInTurn(price);
        _paid.Use(price);
        var spoke = services.Clock.GetTimestamp();
        while (_paid.UntilTurn is var wait && wait > TimeSpan.Zero)
        {
            var silence = MaxSilence - services.Clock.GetElapsedTime(spoke);
            var part = TimeSpan.FromTicks(Math.Max(1, Math.Min(wait.Ticks, Math.Min(CellStepReservation.LongestWait.Ticks, silence.Ticks))));
            await Task.Delay(part, services.Clock, cancellationToken);
            if (services.Clock.GetElapsedTime(spoke) >= MaxSilence && _paid.UntilTurn > TimeSpan.Zero)
            {
                spoke = services.Clock.GetTimestamp();
                await WriteAsync(_messages.Other(new WatchRunResponse { Heartbeat = new Heartbeat() }));
            }
        }
    }

    /// <summary>Waits for a watcher to take a message: the more of them wait, the less time it has.</summary>
    private async Task WaitForAsync(Task writing, long byteCount)
    {
        using var unsent = services.BacklogMemory.TryHoldUnsent(byteCount);
        if (unsent is not null)
        {
            await writing;
            return;
        }

        try
        {
            await writing.WaitAsync(UncountedTime, services.Clock);
        }
        catch (TimeoutException)
        {
            services.Metrics.Stalls.Inc();

            // The unfinished write blocks the stream, so that no status can follow it.
            context.GetHttpContext().Abort();
            throw CallRefusedException.OverLimit("Messages that watchers do not take have all the memory that there is for them.", UncountedTime);
        }
    }

    private async Task DeliverAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        using var reminded = services.Heartbeats.Add(subscription);
        var unsentBytes = 0;
        while (true)
        {
            var item = await subscription.TakeAsync(cancellationToken);
            if (item is WatchItem.Frame { Shared: var frame })
            {
                unsentBytes += frame.ByteCount;
                var price = PriceOf(frame);
                var isFollowed = unsentBytes < MaxBytesTogether && subscription.HasNext;
                unsentBytes = isFollowed ? unsentBytes : 0;
                await SendAsync(frame, isFollowed, isLive: true);
                await PayAsync(price, cancellationToken);
            }
            else if (!await SendAsync(item))
            {
                return;
            }
        }
    }

    /// <summary>Sends what the item tells; returns whether more follows.</summary>
    private async Task<bool> SendAsync(WatchItem item)
    {
        switch (item)
        {
            case WatchItem.Dropped dropped:
                _frames.Dropped.Inc(dropped.Count);
                await WriteGapAsync(GapReason.SlowWatcher, new RunPosition(dropped.NextStep, 0), dropped.Count);
                return true;
            case WatchItem.Degraded { Quality: var quality }:
                services.Metrics.Degradations.Inc();
                _trace?.FellBehind();
                await WriteAsync(_messages.Other(new WatchRunResponse { FellBehind = quality.ToWire() }));
                return true;
            case WatchItem.Restored:
                _trace?.CaughtUp();
                await WriteAsync(_messages.Other(new WatchRunResponse { CaughtUp = new CaughtUp() }));
                return true;
            case WatchItem.Ended { End: var end }:
                _trace?.EndWith(MetricLabel.ValueOf(end.Reason));
                await WriteAsync(_messages.Other(new WatchRunResponse { End = end.ToWire(run.Status.Identity) }));
                return false;
            case WatchItem.Quiet:
                _trace?.Renew();
                await WriteAsync(_messages.Other(new WatchRunResponse { Heartbeat = new Heartbeat() }));
                return true;
            case WatchItem.Overrun { MaxFrames: var maxFrames, MaxBytes: var maxBytes }:
                services.Metrics.Stalls.Inc();
                throw CallRefusedException.WatcherTooSlow(maxFrames, maxBytes);
            case WatchItem.Behind:
                throw CallRefusedException.FramesTooCostly();
            default:
                throw new UnreachableException($"An item of type {item.GetType()} is not known.");
        }
    }
}
