using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Web.Reference;

/// <summary>The paths of the reference's two WebSockets.</summary>
internal sealed class ReferenceSockets(SocketServices services, IOptions<WebOptions> options) : IWebRoutes
{
    private static readonly string[] Paths = [FeatureStream.Path, LiveStream.Path];

    public IReadOnlyList<WebRoute> Routes { get; } = [.. Paths.Select(path => new WebRoute(HttpMethods.Get, new PathTemplate(path), (context, _) => RefuseAsync(context)))];

    /// <summary>Whether a path is one of them.</summary>
    public static bool Has(string? path) => Paths.Contains(path);

    /// <summary>Serves a handshake that is right.</summary>
    public async Task ServeAsync(HttpContext context, string path)
    {
        using var socket = new ReferenceSocket(context, path, services, options.Value);
        await socket.ServeAsync();
    }

    private static Task RefuseAsync(HttpContext context)
    {
        context.Response.Headers.Upgrade = "websocket";
        return RestAnswer.RefuseAsync(context, StatusCodes.Status426UpgradeRequired, CallRefusedException.Unreadable("There is a WebSocket here, and nothing else."));
    }
}
