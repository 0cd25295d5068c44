using System.Net;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Identity;
using Mfn.Server.Texts;

namespace Mfn.Server.Web;

/// <summary>
/// Keeps pages of other origins from using the server through a browser that can reach it: one is not trusted for being local. Pages of origins that are allowed
/// learn so, as CORS has it.
/// </summary>
/// <param name="proxies">Who may say that a browser has a certificate.</param>
/// <param name="allowedOrigins">Whose pages may call.</param>
internal sealed class BrowserGuard(TrustedProxies proxies, IReadOnlyList<string> allowedOrigins)
{
    private const string AnotherOrigin = "another origin";

    // What a page may send beside what every page may, and what it may see of the answer.
    private const string RequestHeaders = "authorization, content-type, content-encoding, if-none-match, x-api-key, request-timeout, x-correlation-id, traceparent, x-grpc-web, x-user-agent, grpc-timeout";
    private const string ResponseHeaders = "x-correlation-id, retry-after, etag, ratelimit, ratelimit-policy, grpc-status, grpc-message, grpc-status-details-bin, mfn-heartbeat-milliseconds, mfn-step, mfn-revision";
    private const string Methods = "GET, HEAD, POST, DELETE, OPTIONS";
    private const string PreflightSeconds = "600";

    private readonly bool _allowsAll = allowedOrigins.Contains(WebOptions.AnyOrigin);

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (context.Connection.LocalIpAddress is { } address && IPAddress.IsLoopback(address) && !IsLoopbackName(request.Host.Host))
        {
            // A name that its owner lets lead to this machine: its pages would have the server for their own.
            return RefuseAsync(context, $"Host must be localhost or a loopback address here, but was {CallersText.Quote(request.Host.Value ?? "")}.");
        }

        context.Response.Headers.Vary = "Origin";
        var origin = request.Headers.Origin.ToString();
        if (origin.Length == 0 || IsOwn(request, origin))
        {
            return origin.Length == 0 && IsPartOfForeignPage(request) ? ServeUnlessCertificateAlone(context, next, AnotherOrigin) : next(context);
        }

        if (!IsAllowed(origin))
        {
            // What a page only reads it does not get to see, unless it comes over a socket.
            return !SocketHandshake.IsAsked(context) && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
                ? ServeUnlessCertificateAlone(context, next, CallersText.Quote(origin))
                : RefuseAsync(context, $"Pages of {CallersText.Quote(origin)} may not call the server; {WebOptions.Section}:{nameof(WebOptions.AllowedOrigins)} says whose may.");
        }

        var headers = context.Response.Headers;
        headers.AccessControlAllowOrigin = _allowsAll ? WebOptions.AnyOrigin : origin;
        if (HttpMethods.IsOptions(request.Method) && request.Headers.AccessControlRequestMethod.Count > 0)
        {
            headers.AccessControlAllowMethods = Methods;
            headers.AccessControlAllowHeaders = RequestHeaders;
            headers.AccessControlMaxAge = PreflightSeconds;
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }

        headers.AccessControlExposeHeaders = ResponseHeaders;
        if (SocketHandshake.IsAsked(context))
        {
            // Its credential comes later.
            context.Features.Set(new ForeignPage(origin, HasCertificate(context)));
            return next(context);
        }

        return ServeUnlessCertificateAlone(context, next, CallersText.Quote(origin));
    }

    /// <summary>Why a page of another origin is refused that shows nothing of its own.</summary>
    /// <param name="origin">The origin, in quotes.</param>
    public static string CertificateAlone(string origin) =>
        $"A page of {origin} must show a key or a token: the browser's certificate says who has the browser, not who wrote the page.";

    private Task ServeUnlessCertificateAlone(HttpContext context, RequestDelegate next, string origin) =>
        HasCertificate(context) && !HasOwnCredential(context.Request) ? RefuseAsync(context, CertificateAlone(origin)) : next(context);

    private bool HasCertificate(HttpContext context) => context.Connection.ClientCertificate is not null || proxies.HasCertificate(context);

    private static Task RefuseAsync(HttpContext context, string reason) =>
        RestAnswer.RefuseAsync(context, StatusCodes.Status403Forbidden, CallRefusedException.OriginRefused(reason));

    // What a page has to know itself.
    private static bool HasOwnCredential(HttpRequest request) => request.Headers.Authorization.Count > 0 || request.Headers["x-api-key"].Count > 0;

    // A picture or a script of a page comes without its origin. Whoever follows a link sees the answer himself.
    private static bool IsPartOfForeignPage(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site" && request.Headers["Sec-Fetch-Mode"] != "navigate";

    private static bool IsOwn(HttpRequest request, string origin) => origin.Equals($"{request.Scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase);

    private bool IsAllowed(string origin) => _allowsAll || allowedOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase);

    private static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
