using Mfn.Server.Calls;
using Mfn.Server.Web.Reference;

namespace Mfn.Server.Web;

/// <summary>Finds what a WebSocket is for.</summary>
internal sealed class SocketRouter(SocketServices services, ReferenceSockets reference)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (ReferenceSockets.Has(context.Request.Path.Value))
        {
            return SocketHandshake.FindProblem(context) is { } wrong ? SocketHandshake.RefuseAsync(context, wrong) : reference.ServeAsync(context, context.Request.Path.Value!);
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
