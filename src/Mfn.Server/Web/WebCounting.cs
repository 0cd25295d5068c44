using System.Globalization;
using Mfn.Server.Observability;
using Mfn.Server.Web.Reference;

namespace Mfn.Server.Web;

/// <summary>Counts every request of the web listener by the template of its path, since what callers write in its place has no end.</summary>
internal sealed class WebCounting(ServerMetrics metrics, WebRoutes routes, TimeProvider clock)
{
    private static readonly HashSet<string> Verbs =
    [
        HttpMethods.Get, HttpMethods.Head, HttpMethods.Post, HttpMethods.Put, HttpMethods.Patch, HttpMethods.Delete, HttpMethods.Options,
    ];

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        // Before the request is made to look like a call.
        var request = context.Request;
        var verb = SocketHandshake.IsAsked(context) ? HttpMethods.Get : Verbs.Contains(request.Method) ? request.Method : ServerMetrics.Unknown;
        var endpoint = routes.TemplateOf(verb == HttpMethods.Head ? HttpMethods.Get : verb, request.Path.Value ?? "") ?? (ReferenceSockets.Has(request.Path.Value) ? request.Path.Value! : ServerMetrics.Unknown);
        var start = clock.GetTimestamp();
        metrics.OpenWebRequests.Inc();
        try
        {
            await next(context);
        }
        finally
        {
            metrics.OpenWebRequests.Dec();
            metrics.WebRequests.WithLabels(verb, endpoint, context.Response.StatusCode.ToString(CultureInfo.InvariantCulture)).Inc();
            metrics.WebDuration.WithLabels(verb, endpoint).Observe(clock.GetElapsedTime(start).TotalSeconds);
        }
    }
}
