using Mfn.Server.Calls;

namespace Mfn.Server.Web.Reference;

/// <summary>The API of the Python service that this server takes the place of, at its own paths.</summary>
internal sealed class ReferenceApi : IWebRoutes
{
    private const string HealthPath = "/health";

    private static readonly ReferenceEndpoint[] Endpoints = [new NernstEndpoint(), new SimulateEndpoint(), new ValidateEndpoint(), new AggregateEndpoint()];
    private static readonly string[] Paths = [HealthPath, .. Endpoints.Select(endpoint => endpoint.Rule.Path.Text)];

    public ReferenceApi(RestServices services) => Routes =
    [
        new WebRoute(HttpMethods.Get, new PathTemplate(HealthPath), (context, _) => AnswerHealthAsync(context)),
        .. Endpoints.Select(endpoint => new WebRoute(HttpMethods.Post, endpoint.Rule.Path, (context, _) => ServeAsync(context, endpoint, services))),
    ];

    public IReadOnlyList<WebRoute> Routes { get; }

    /// <summary>Whether a path is of this API.</summary>
    public static bool IsOfReference(string? path) => Paths.AsSpan().Contains(path);

    /// <summary>Says that nothing is at a path, to whoever looks outside of this server's own API.</summary>
    public static Task RefuseUnknownAsync(HttpContext context, CallRefusedException refusal) =>
        RestAnswer.RefuseAsync(context, StatusCodes.Status404NotFound, refusal.ToStatus(), ReferenceCall.Detail(refusal.Message));

    // That is all that the reference says. Whether the server is ready, the metrics listener knows.
    private static Task AnswerHealthAsync(HttpContext context) =>
        RestAnswer.WriteAsync(context, StatusCodes.Status200OK, ContentTypes.Json, """{"status":"healthy","version":"4.1.0"}"""u8.ToArray());

    private static Task ServeAsync(HttpContext context, ReferenceEndpoint endpoint, RestServices services) => BodyEncoding.Check(context, mayBeEncoded: true) is { } unread
        ? RestAnswer.RefuseAsync(context, StatusCodes.Status415UnsupportedMediaType, unread)
        : new ReferenceCall(context, endpoint, services).ServeAsync(services.Calls);
}
