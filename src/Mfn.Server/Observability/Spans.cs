using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;

namespace Mfn.Server.Observability;

/// <summary>The spans of the server: where the time of a call goes. Where nobody listens, or nobody records the call, there are none.</summary>
internal static class Spans
{
    /// <summary>Of the spans that the server makes itself; those of calls are ASP.NET Core's.</summary>
    public const string SourceName = "Mfn.Server";

    /// <summary>Of the spans of calls.</summary>
    public const string CallSourceName = "Microsoft.AspNetCore";

    /// <summary>Of the spans of the core.</summary>
    public const string CoreSourceName = Mfn.Core.Aggregation.Updates.AggregationSpans.SourceName;

    public const string Validation = "validation";
    public const string Queue = "queue";
    public const string Compute = "compute";
    public const string Steps = "steps";
    public const string Encoding = "encoding";
    public const string Replay = "replay";
    public const string Flush = "fsync";
    public const string Upload = "upload";
    public const string Collection = "collection";
    public const string Admission = "admission";
    public const string Rule = "rule";

    /// <summary>The attribute that has the reason of a refusal, as ErrorInfo has it.</summary>
    public const string RefusalReason = "mfn.refusal_reason";

    /// <summary>The attribute that has the name of an aggregation rule.</summary>
    public const string RuleName = "mfn.rule";

    public const string Command = "command";

    /// <summary>The attribute that has what a command of a steering stream does.</summary>
    public const string CommandName = "mfn.command";

    /// <summary>The attribute that has the id of a run.</summary>
    public const string RunId = "mfn.run_id";

    /// <summary>The attributes that say from which step to which a span has taken a run.</summary>
    public const string FirstStep = "mfn.first_step";

    /// <inheritdoc cref="FirstStep"/>
    public const string LastStep = "mfn.last_step";

    /// <summary>The attribute that says how long a simulation has computed so far; the rest of its time it waited.</summary>
    public const string ComputeSeconds = "mfn.compute_seconds";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Whether somebody listens at all.</summary>
    public static bool IsOn => Source.HasListeners();

    /// <summary>Begins a part of what is under way here; null if nobody records that.</summary>
    public static Activity? Start(string name) => Activity.Current is null ? null : Source.StartActivity(name);

    /// <summary>Begins a part of something, which does not become what is under way here: another thread may end it.</summary>
    public static Activity? StartAside(string name, ActivityContext parent, IEnumerable<ActivityLink>? links = null)
    {
        var current = Activity.Current;
        var span = Source.StartActivity(name, ActivityKind.Internal, parent, links: links);
        Activity.Current = current;
        return span;
    }

    /// <summary>The same of what is under way here.</summary>
    public static Activity? StartAside(string name) => Activity.Current is { } current && IsOn ? StartAside(name, current.Context) : null;

    /// <summary>Begins something that is part of nothing, and does not become what is under way here.</summary>
    public static Activity? StartRoot(string name, IEnumerable<ActivityLink> links)
    {
        var current = Activity.Current;
        Activity.Current = null;
        var span = Source.StartActivity(name, ActivityKind.Internal, default(ActivityContext), links: links);
        Activity.Current = current;
        return span;
    }

    /// <summary>Ends what was begun aside, so that what is under way here stays.</summary>
    public static void End(Activity? span)
    {
        if (span is not null)
        {
            var current = Activity.Current;
            span.Dispose();
            Activity.Current = current;
        }
    }

    /// <summary>Does something as a part of what is under way here.</summary>
    public static T Within<T>(string name, Func<T> work)
    {
        using var span = Start(name);
        return work();
    }

    /// <summary>The span of a call; null if nobody records it.</summary>
    public static Activity? OfCall(HttpContext call) => call.Features.Get<IHttpActivityFeature>()?.Activity is { IsAllDataRequested: true } span && IsOn ? span : null;

    /// <summary>Adds what a call has to do with.</summary>
    public static void Note(string name, object? value)
    {
        if (IsOn)
        {
            Activity.Current?.SetTag(name, value);
        }
    }

    /// <summary>
    /// Adds a fault of the server's own: its type, and the methods that it went through. Its message is left to the log, since it may hold what callers have sent.
    /// </summary>
    public static void NoteFault(HttpContext call, Exception error) =>
        OfCall(call)?.AddEvent(new ActivityEvent("exception", tags: new ActivityTagsCollection
        {
            ["exception.type"] = error.GetType().FullName,
            ["exception.stacktrace"] = new StackTrace(error, fNeedFileInfo: false).ToString(),
        }));
}
