using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Texts;
using Mfn.Server.Web.Reference;

namespace Mfn.Server.Web;

/// <summary>Finds what a request of the web listener is for.</summary>
internal sealed class WebRouter(RestServices services, WebRoutes routes, SocketRouter sockets)
{
    // The contracts' paths, and gRPC's. Who looks elsewhere looks for the reference.
    private static readonly string[] OwnPaths = ["/v1/", "/mfn."];

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.QueryString.HasValue && UrlCredential.Find(request.Query) is { } name)
        {
            return RestAnswer.RefuseAsync(context, StatusCodes.Status400BadRequest, UrlCredential.Refuse(name));
        }

        if (SocketRouter.IsFor(context))
        {
            return sockets.InvokeAsync(context);
        }

        var target = context.Features.Get<WebTarget>()!;
        if (target.Rule is { } rule)
        {
            return CheckContent(request, rule) is var (status, refusal) ? RestAnswer.RefuseAsync(context, status, refusal) : ServeAsync(context, rule, target.Values);
        }

        if (target.Route is { } route)
        {
            return route.ServeAsync(context, target.Values);
        }

        if (target.Verbs.Count > 0)
        {
            return RefuseMethodAsync(context, target.Verbs);
        }

        var nothing = CallRefusedException.PathNotFound(request.Path, Nearest(request.Path));
        return OwnPaths.Any(own => request.Path.Value?.StartsWith(own, StringComparison.Ordinal) == true)
            ? RestAnswer.RefuseAsync(context, StatusCodes.Status404NotFound, nothing)
            : ReferenceApi.RefuseUnknownAsync(context, nothing);
    }

    /// <summary>Tells which verbs a path has: OPTIONS asks for just that, and what else comes here is refused.</summary>
    public static Task RefuseMethodAsync(HttpContext context, IReadOnlyList<string> verbs)
    {
        string[] allowed = [.. verbs.SelectMany(each => each == HttpMethods.Get ? [each, HttpMethods.Head] : new[] { each }).Append(HttpMethods.Options)];
        context.Response.Headers.Allow = string.Join(", ", allowed);
        if (HttpMethods.IsOptions(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }

        return RestAnswer.RefuseAsync(context, StatusCodes.Status405MethodNotAllowed, CallRefusedException.Unsupported(
            $"{CallersText.Show(context.Request.Method, CallersText.LongestQuote)} must be one of {string.Join(", ", allowed)} here."));
    }

    private IReadOnlyList<string> Nearest(string? path) =>
        NearestName.Find(path ?? "", HttpRules.All.Select(rule => rule.Path.Text).Concat(routes.All.Select(route => route.Path.Text)));

    private Task ServeAsync(HttpContext context, HttpRule rule, IReadOnlyList<string> values)
    {
        var offered = ContentTypes.Offered(rule);
        if (ContentTypes.Choose(context.Request.GetTypedHeaders().Accept, offered) is not { } contentType)
        {
            return RestAnswer.RefuseAsync(context, StatusCodes.Status406NotAcceptable, CallRefusedException.Unreadable(
                $"Accept must allow {string.Join(" or ", offered)}, but was {CallersText.Quote(context.Request.Headers.Accept.ToString())}."));
        }

        if (ContentTypes.IsArray(rule, contentType))
        {
            return new ArrayCall(context, rule, values, services, contentType).ServeAsync(services.Calls);
        }

        return rule.HasOneAnswer
            ? new RestCall(context, rule, values, services).ServeAsync(services.Calls)
            : new StreamCall(context, rule, values, services, contentType).ServeAsync(services.Calls);
    }

    private static (int Status, CallRefusedException Refusal)? CheckContent(HttpRequest request, HttpRule rule)
    {
        var hasBody = rule.HasBody && (request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0 || request.ContentType is not null);
        if (hasBody && !IsOf(rule.BodyType, request.ContentType))
        {
            return (StatusCodes.Status415UnsupportedMediaType, CallRefusedException.Unreadable($"Content-Type must be {rule.BodyType}, but was {CallersText.Quote(request.ContentType ?? "")}."));
        }

        // A file is taken as it comes.
        return BodyEncoding.Check(request.HttpContext, mayBeEncoded: !rule.IsUpload) is { } unread ? (StatusCodes.Status415UnsupportedMediaType, unread) : null;
    }

    private static bool IsOf(string expected, string? contentType) =>
        Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(contentType, out var type)
        && type.MediaType.Equals(expected, StringComparison.OrdinalIgnoreCase)
        && (!type.Charset.HasValue || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase));
}
