using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Web.Reference;

/// <summary>The paths of the reference's two WebSockets.</summary>
internal sealed class ReferenceSockets(SocketServices services, IOptions<WebOptions> options)
{
    /// <summary>Where they are.</summary>
    public static IReadOnlyList<string> Paths { get; } = [FeatureStream.Path, LiveStream.Path];

    /// <summary>Whether a path is one of them.</summary>
    public static bool Has(string? path) => Paths.Contains(path);

    /// <summary>Serves a request for one.</summary>
    public async Task ServeAsync(HttpContext context)
    {
        if (!SocketHandshake.IsAsked(context))
        {
            var verb = context.Request.Method;
            if (!HttpMethods.IsGet(verb) && !HttpMethods.IsHead(verb))
            {
                await WebRouter.RefuseMethodAsync(context, [HttpMethods.Get]);
                return;
            }

            context.Response.Headers.Upgrade = "websocket";
            await RestAnswer.RefuseAsync(context, StatusCodes.Status426UpgradeRequired, CallRefusedException.Unreadable("There is a WebSocket here, and nothing else."));
        }
        else if (SocketHandshake.FindProblem(context) is { } problem)
        {
            await SocketHandshake.RefuseAsync(context, problem);
        }
        else
        {
            using var socket = new ReferenceSocket(context, context.Request.Path.Value!, services, options.Value);
            await socket.ServeAsync();
        }
    }
}
