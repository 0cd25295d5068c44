namespace Mfn.Server.Web;

/// <summary>What a request of the web listener is for.</summary>
/// <param name="Rule">The rule of the contracts; null if none has its method and path.</param>
/// <param name="Route">The route that is no method of the contracts; null if none has its method and path.</param>
/// <param name="Values">What stands in the path for fields.</param>
/// <param name="Verbs">Where there is neither: the methods of HTTP that the path has; none if it is no path.</param>
internal sealed record WebTarget(HttpRule? Rule, WebRoute? Route, IReadOnlyList<string> Values, IReadOnlyList<string> Verbs)
{
    /// <summary>The form of the path; null if there is none.</summary>
    public string? Template => Rule?.Path.Text ?? Route?.Path.Text;
}
