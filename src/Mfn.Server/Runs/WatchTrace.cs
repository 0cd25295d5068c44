using System.Diagnostics;
using Mfn.Server.Calls;
using Mfn.Server.Observability;

namespace Mfn.Server.Runs;

/// <summary>
/// The spans of a watch, which may never end: one for what happens until it has caught up, one a period of what it then gets, and one for each gap and each time that it
/// gets less. They are part of its call, and linked to one another and to the trace of the run.
/// </summary>
internal sealed class WatchTrace : IDisposable
{
    private const string Subscribe = "watch.subscribe";
    private const string Live = "watch.live";
    private const string Degraded = "watch.degraded";
    private const string GapSpan = "watch.gap";
    private const string EndSpan = "watch.end";

    private const string Frames = "mfn.frames";
    private const string FrameBytes = "mfn.frame_bytes";
    private const string Dropped = "mfn.dropped_frames";
    private const string GapCount = "mfn.gaps";
    private const string GapReason = "mfn.gap_reason";
    private const string EndReason = "mfn.end_reason";
    private const string Delivery = "mfn.delivery";

    // What happens more often is counted in the span of what it happens in.
    private static readonly TimeSpan GapInterval = TimeSpan.FromSeconds(1);

    private readonly SpanSeries _episodes;
    private readonly TimeProvider _clock;
    private readonly string _run;
    private readonly string _delivery;
    private readonly object? _correlationId;
    private string _name = Subscribe;
    private string _end = "left";
    private long _frames;
    private long _bytes;
    private long _dropped;
    private long _gaps;
    private int _firstStep;
    private int _lastStep;
    private long? _gapTold;

    private WatchTrace(Run run, Delivery delivery, Activity call, RunServices services)
    {
        _run = run.Id.ToString();
        _delivery = MetricLabel.ValueOf(delivery);
        _correlationId = call.GetTagItem(CorrelationId.Tag);
        _clock = services.Clock;
        _episodes = new SpanSeries(call.Context, run.TraceContext is { } trace ? [new ActivityLink(trace)] : [], services.Episodes, services.Clock);
    }

    /// <summary>Begins with the subscription; null if nobody records the call.</summary>
    public static WatchTrace? Begin(Run run, Delivery delivery, RunServices services)
    {
        if (!Spans.IsOn || Activity.Current is not { Recorded: true } call)
        {
            return null;
        }

        var trace = new WatchTrace(run, delivery, call, services);
        trace.Begin(Subscribe);
        return trace;
    }

    /// <summary>Begins to send history, as a part of the episode under way.</summary>
    public Activity? StartReplay() => _episodes.Current is { } current ? Spans.StartAside(Spans.Replay, current.Context) : null;

    /// <summary>The watcher gets all that it has asked for.</summary>
    public void CaughtUp() => Begin(Live);

    /// <summary>The watcher gets less than it has asked for.</summary>
    public void FellBehind() => Begin(Degraded);

    /// <summary>A frame was sent.</summary>
    public void Count(long bytes, int step)
    {
        if (_frames++ == 0)
        {
            _firstStep = step;
        }

        _bytes += bytes;
        _lastStep = step;
        Renew();
    }

    /// <summary>The watcher was told of a gap.</summary>
    public void Gap(string reason, long droppedCount)
    {
        _gaps++;
        _dropped += droppedCount;
        if (_gapTold is { } told && _clock.GetElapsedTime(told) < GapInterval)
        {
            return;
        }

        _gapTold = _clock.GetTimestamp();
        End();
        Move(GapSpan)?.SetTag(GapReason, reason).SetTag(Dropped, droppedCount);
        Begin(_name);
    }

    /// <summary>Some time has passed: goes on with another span if the one under way has become long.</summary>
    public void Renew()
    {
        if (_episodes.IsDue)
        {
            Begin(_name);
        }
    }

    /// <summary>The run has ended, and its watches with it.</summary>
    public void EndWith(string reason) => _end = reason;

    /// <summary>Ends, with why: if the run has not, its watcher has left or was refused, as the status of the call says.</summary>
    public void Dispose()
    {
        End();
        Move(EndSpan)?.SetTag(EndReason, _end);
        _episodes.Dispose();
    }

    private void Begin(string name)
    {
        End();
        _name = name;
        Move(name);
    }

    private Activity? Move(string name) => _episodes.MoveTo(name)?.SetTag(Spans.RunId, _run).SetTag(Delivery, _delivery).SetTag(CorrelationId.Tag, _correlationId);

    private void End()
    {
        if (_episodes.Current is { } current && current.DisplayName != GapSpan)
        {
            current.SetTag(Frames, _frames).SetTag(FrameBytes, _bytes);
            if (_frames > 0)
            {
                current.SetTag(Spans.FirstStep, _firstStep).SetTag(Spans.LastStep, _lastStep);
            }

            if (_gaps > 0)
            {
                current.SetTag(GapCount, _gaps).SetTag(Dropped, _dropped);
            }

            (_frames, _bytes, _gaps, _dropped) = (0, 0, 0, 0);
        }

        _episodes.End();
    }
}
