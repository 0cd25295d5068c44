namespace Mfn.Server.Web;

/// <summary>Paths of the web listener that somebody serves beside the methods of the contracts.</summary>
internal interface IWebRoutes
{
    /// <summary>All of them.</summary>
    IReadOnlyList<WebRoute> Routes { get; }
}
