using Mfn.Server.Calls;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Features.Authentication;

namespace Mfn.Server.Web;

/// <summary>Makes what a call over a socket has for a request of its own: with the connection and the headers of the handshake, whose answer has begun.</summary>
internal static class SocketContext
{
    // What is of the connection, or of the handshake.
    private static readonly string[] Dropped = ["Connection", "Upgrade", "Content-Type", "Content-Length", "Transfer-Encoding", "x-request-id"];

    /// <summary>Makes it.</summary>
    /// <param name="handshake">The handshake.</param>
    /// <param name="credential">Who calls, if its headers do not say.</param>
    /// <param name="query">What follows the path, as of GET.</param>
    public static HttpContext Make(HttpContext handshake, SocketCredential credential, QueryString query)
    {
        var from = handshake.Request;
        var request = new HttpRequestFeature
        {
            Method = HttpMethods.Get,
            Scheme = from.Scheme,
            Path = from.Path,
            QueryString = query.ToString(),
            Protocol = from.Protocol,
            RawTarget = "",
        };
        foreach (var (name, values) in from.Headers)
        {
            if (!name.StartsWith("Sec-WebSocket-", StringComparison.OrdinalIgnoreCase) && !Dropped.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                request.Headers[name] = values;
            }
        }

        request.Headers[CorrelationId.Header] = handshake.Response.Headers[CorrelationId.Header];
        if (credential.Header is { } header)
        {
            request.Headers[header] = credential.Value;
        }

        var features = new FeatureCollection(handshake.Features);
        features.Set<IHttpRequestFeature>(request);
        features.Set<IHttpResponseFeature>(new StartedResponse());
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
        features.Set<IQueryFeature>(new QueryFeature(features));
        features.Set<IItemsFeature>(new ItemsFeature());
        features.Set<IEndpointFeature>(new Endpoints());
        features.Set<IRouteValuesFeature>(new RouteValuesFeature());
        features.Set<IHttpAuthenticationFeature>(new HttpAuthenticationFeature());
        var context = new DefaultHttpContext(features);
        features.Set<IRequestBodyPipeFeature>(new RequestBodyPipeFeature(context));
        return context;
    }

    /// <summary>Notes that the first message of an answer is on its way.</summary>
    public static void Start(HttpContext context) =>
        ((StartedResponse)context.Features.GetRequiredFeature<IHttpResponseFeature>()).Start();

    private sealed class Endpoints : IEndpointFeature
    {
        public Endpoint? Endpoint { get; set; }
    }

    private sealed class StartedResponse : HttpResponseFeature
    {
        private bool _hasStarted;

        public override bool HasStarted => _hasStarted;

        public void Start() => _hasStarted = true;
    }
}
