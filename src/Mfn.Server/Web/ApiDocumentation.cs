using Swashbuckle.AspNetCore.SwaggerUI;

namespace Mfn.Server.Web;

/// <summary>The OpenAPI document, and a page that shows it, which needs no other host. They are no secret: nobody is asked for a key, which those who try calls type into the page.</summary>
internal sealed class ApiDocumentation(ApiDocument document) : IWebRoutes
{
    private const string DocumentPath = "/openapi.json";
    private const string PagePath = "/docs";

    // What the page itself is made of, and nothing else: no script in it, no other host, no frame around it.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private const string SwaggerAssets = "Swashbuckle.AspNetCore.SwaggerUI.node_modules.swagger_ui_dist.";

    private static readonly Dictionary<string, Lazy<WebPage>> Pages = new()
    {
        [PagePath] = Page("text/html; charset=utf-8", typeof(ApiDocumentation), "pages/docs.html"),
        [$"{PagePath}/docs.js"] = Page("text/javascript; charset=utf-8", typeof(ApiDocumentation), "pages/docs.js"),
        [$"{PagePath}/swagger-ui.css"] = Page("text/css; charset=utf-8", typeof(SwaggerUIOptions), $"{SwaggerAssets}swagger-ui.css"),
        [$"{PagePath}/swagger-ui-bundle.js"] = Page("text/javascript; charset=utf-8", typeof(SwaggerUIOptions), $"{SwaggerAssets}swagger-ui-bundle.js"),
    };

    public IReadOnlyList<WebRoute> Routes { get; } =
    [
        new(HttpMethods.Get, new PathTemplate(DocumentPath), (context, _) => document.Current.ServeAsync(context)),
        .. Pages.Select(page => new WebRoute(HttpMethods.Get, new PathTemplate(page.Key), (context, _) => ServeAsync(context, page.Value.Value))),
    ];

    private static Lazy<WebPage> Page(string contentType, Type owner, string resource) => new(() => new WebPage(contentType, WebPage.ReadResource(owner.Assembly, resource)));

    private static Task ServeAsync(HttpContext context, WebPage page)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers["Referrer-Policy"] = "no-referrer";
        headers.XFrameOptions = "DENY";
        return page.ServeAsync(context);
    }
}
