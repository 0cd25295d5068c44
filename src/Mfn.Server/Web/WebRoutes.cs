namespace Mfn.Server.Web;

/// <summary>Every path of the web listener that is not a method of the contracts.</summary>
internal sealed class WebRoutes(IEnumerable<IWebRoutes> sources)
{
    /// <summary>All of them.</summary>
    public IReadOnlyList<WebRoute> All { get; } = [.. sources.SelectMany(source => source.Routes)];

    /// <summary>The route for a request, or the verbs of HTTP that its path has if it has others; none if there is no such path.</summary>
    /// <param name="verb">Of HTTP.</param>
    /// <param name="path">Without its escapes.</param>
    public (WebRoute? Route, IReadOnlyList<string> Values, IReadOnlyList<string> Verbs) Find(string verb, string path)
    {
        var verbs = new List<string>();
        foreach (var route in All)
        {
            if (route.Path.Matches(path, out var values))
            {
                if (route.Verb == verb)
                {
                    return (route, values, []);
                }

                verbs.Add(route.Verb);
            }
        }

        return (null, [], verbs);
    }

    /// <summary>The form of a request's path, of the contracts' methods too; null if there is none.</summary>
    public string? TemplateOf(string verb, string path) =>
        HttpRules.IsGrpcPath(path) ? path : HttpRules.Find(verb, path).Rule?.Path.Text ?? Find(verb, path).Route?.Path.Text;
}
