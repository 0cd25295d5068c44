using Mfn.Server.Calls;
using Mfn.Server.Web.Reference;

namespace Mfn.Server.Web;

/// <summary>Finds what a WebSocket is for.</summary>
internal sealed class SocketRouter(SocketServices services, ReferenceSockets reference)
{
    /// <summary>Whether a request is for one, rightly or not.</summary>
    public static bool IsFor(HttpContext context) => SocketHandshake.IsAsked(context) || ReferenceSockets.Has(context.Request.Path.Value);

    public Task InvokeAsync(HttpContext context)
    {
        if (ReferenceSockets.Has(context.Request.Path.Value))
        {
            return reference.ServeAsync(context);
        }

        var (rule, values, verbs) = HttpRules.Find(HttpMethods.Get, context.Request.Path.Value ?? "");
        if (rule?.Token is null)
        {
            return rule is null && verbs.Count == 0
                ? RestAnswer.RefuseAsync(context, StatusCodes.Status404NotFound, CallRefusedException.PathNotFound(context.Request.Path, []))
                : RestAnswer.RefuseAsync(context, StatusCodes.Status400BadRequest, CallRefusedException.Unreadable("There is no WebSocket here, but at /v1/runs/{run_id}/watch."));
        }

        return SocketHandshake.FindProblem(context) is { } problem
            ? SocketHandshake.RefuseAsync(context, problem)
            : new WatchSocket(context, rule, values, services).ServeAsync();
    }
}
