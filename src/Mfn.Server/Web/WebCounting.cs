using System.Collections.Concurrent;
using System.Globalization;
using Mfn.Server.Observability;
using Mfn.Server.Web.Reference;
using Prometheus;

namespace Mfn.Server.Web;

/// <summary>Counts every request of the web listener by the template of its path, since what callers write in its place has no end.</summary>
internal sealed class WebCounting(ServerMetrics metrics, WebRoutes routes, TimeProvider clock)
{
    private static readonly HashSet<string> Verbs =
    [
        HttpMethods.Get, HttpMethods.Head, HttpMethods.Post, HttpMethods.Put, HttpMethods.Patch, HttpMethods.Delete, HttpMethods.Options,
    ];

    // To look for them among the metrics costs more than all else here. Verbs, templates and statuses are few.
    private readonly ConcurrentDictionary<(string Verb, string Endpoint, int Status), (Counter.Child Count, HistogramCell Duration)> _cells = [];

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        // Before the request is made to look like a call.
        var request = context.Request;
        var verb = SocketHandshake.IsAsked(context) ? HttpMethods.Get : Verbs.Contains(request.Method) ? request.Method : ServerMetrics.Unknown;
        var path = request.Path.Value ?? "";
        var target = routes.Find(verb, path);
        context.Features.Set(target);
        var endpoint = target.Template ?? (HttpRules.IsGrpcPath(path) || ReferenceSockets.Has(path) ? path : ServerMetrics.Unknown);
        var start = clock.GetTimestamp();
        metrics.OpenWebRequests.Inc();
        try
        {
            await next(context);
        }
        finally
        {
            metrics.OpenWebRequests.Dec();
            var (count, duration) = _cells.GetOrAdd((verb, endpoint, context.Response.StatusCode), MakeCells, metrics);
            count.Inc();
            duration.Observe(clock.GetElapsedTime(start).TotalSeconds);
        }
    }

    private static (Counter.Child Count, HistogramCell Duration) MakeCells((string Verb, string Endpoint, int Status) of, ServerMetrics metrics) =>
        (metrics.WebRequests.WithLabels(of.Verb, of.Endpoint, of.Status.ToString(CultureInfo.InvariantCulture)), metrics.WebDuration.WithLabels(of.Verb, of.Endpoint));
}
