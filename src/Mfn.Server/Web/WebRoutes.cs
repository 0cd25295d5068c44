using System.Collections.Frozen;

namespace Mfn.Server.Web;

/// <summary>Every path of the web listener: the methods of the contracts, and what is none of them.</summary>
internal sealed class WebRoutes(IEnumerable<IWebRoutes> sources)
{
    private FrozenDictionary<(string Verb, string Path), WebTarget>? _literal;

    /// <summary>All that are not methods of the contracts.</summary>
    public IReadOnlyList<WebRoute> All { get; } = [.. sources.SelectMany(source => source.Routes)];

    /// <summary>What a request is for.</summary>
    /// <param name="verb">Of HTTP; HEAD is as good as GET.</param>
    /// <param name="path">Without its escapes.</param>
    public WebTarget Find(string verb, string path)
    {
        verb = verb == HttpMethods.Head ? HttpMethods.Get : verb;

        // Most paths have no fields, and are looked for at once.
        return (_literal ??= ReadLiteral()).TryGetValue((verb, path), out var target) ? target : Search(verb, path);
    }

    private WebTarget Search(string verb, string path)
    {
        var (rule, values, verbs) = HttpRules.Find(verb, path);
        if (rule is not null)
        {
            return new WebTarget(rule, null, values, []);
        }

        var others = new List<string>(verbs);
        foreach (var route in All)
        {
            if (route.Path.Matches(path, out var inPath))
            {
                if (route.Verb == verb)
                {
                    return new WebTarget(null, route, inPath, []);
                }

                others.Add(route.Verb);
            }
        }

        return new WebTarget(null, null, [], others);
    }

    // As a search finds them, so that there is one order.
    private FrozenDictionary<(string Verb, string Path), WebTarget> ReadLiteral() =>
        HttpRules.All.Select(rule => (rule.Verb, rule.Path)).Concat(All.Select(route => (route.Verb, route.Path)))
            .Where(pair => pair.Path.Fields.Count == 0)
            .Select(pair => (pair.Verb, pair.Path.Text))
            .Distinct()
            .ToFrozenDictionary(pair => pair, pair => Search(pair.Verb, pair.Text));
}
