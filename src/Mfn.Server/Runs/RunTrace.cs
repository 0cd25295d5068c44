using System.Diagnostics;
using Mfn.Server.Observability;
using Mfn.Server.Storage;

namespace Mfn.Server.Runs;

/// <summary>
/// The trace of a run, which is its own since it outlives every call: how it began, with a link to the call that created it, its steps by episodes, and its end. Only
/// the run's task uses it, but for <see cref="Context"/>.
/// </summary>
internal sealed class RunTrace : IDisposable
{
    private const string Root = "run";
    private const string EndSpan = "run.end";
    private const string EndReason = "mfn.end_reason";
    private const string StepCount = "mfn.steps";

    private readonly string _id;
    private readonly SpanSeries _steps;
    private long _stepCount;
    private int _lastStep;
    private TimeSpan _computed;

    private RunTrace(ActivityContext context, RunId id, RunServices services)
    {
        Context = context;
        _id = id.ToString();
        _steps = new SpanSeries(context, [], services.Episodes, services.Clock);
    }

    /// <summary>Of the span that all others are part of.</summary>
    public ActivityContext Context { get; }

    /// <summary>Begins the trace of a run; null if nobody records it.</summary>
    public static RunTrace? Begin(RunId id, RunServices services)
    {
        if (!Spans.IsOn)
        {
            return null;
        }

        var call = Activity.Current;
        var root = Spans.StartRoot(Root, call is { Recorded: true } ? [new ActivityLink(call.Context)] : []);
        call?.SetTag(Spans.RunId, id.ToString());
        root?.SetTag(Spans.RunId, id.ToString());
        Spans.End(root);
        return root is { Recorded: true } ? new RunTrace(root.Context, id, services) : null;
    }

    /// <summary>The run has taken steps.</summary>
    public void Add(int count, int step, TimeSpan computed)
    {
        if (_steps.Current is null || _steps.IsDue)
        {
            Rest();
            _steps.MoveTo(Spans.Steps)?.SetTag(Spans.RunId, _id).SetTag(Spans.FirstStep, step - count);
        }

        _stepCount += count;
        _computed += computed;
        _lastStep = step;
    }

    /// <summary>The run takes no steps for now.</summary>
    public void Rest()
    {
        _steps.Current?.SetTag(Spans.LastStep, _lastStep).SetTag(StepCount, _stepCount).SetTag(Spans.ComputeSeconds, _computed.TotalSeconds);
        _steps.End();
        (_stepCount, _computed) = (0, TimeSpan.Zero);
    }

    /// <summary>The run has ended.</summary>
    public void End(RunEndReason reason)
    {
        Rest();
        var end = Spans.StartAside(EndSpan, Context);
        end?.SetTag(Spans.RunId, _id).SetTag(EndReason, MetricLabel.ValueOf(reason));
        if (reason == RunEndReason.Failed)
        {
            end?.SetStatus(ActivityStatusCode.Error);
        }

        Spans.End(end);
    }

    public void Dispose()
    {
        Rest();
        _steps.Dispose();
    }
}
