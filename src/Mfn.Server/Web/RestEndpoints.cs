using System.Collections.Concurrent;

namespace Mfn.Server.Web;

/// <summary>Which endpoint of the server each rule has led to, so that it need not be looked for again. Thread-safe.</summary>
internal sealed class RestEndpoints
{
    private readonly ConcurrentDictionary<HttpRule, Endpoint> _known = new(ReferenceEqualityComparer.Instance);

    /// <summary>Chooses it for a request, if it is known.</summary>
    public void Choose(HttpContext context, HttpRule rule)
    {
        if (_known.TryGetValue(rule, out var endpoint))
        {
            context.SetEndpoint(endpoint);
        }
    }

    /// <summary>Notes where a request was led.</summary>
    public void Note(HttpContext context, HttpRule rule)
    {
        if (context.GetEndpoint() is { } endpoint && !_known.ContainsKey(rule))
        {
            _known[rule] = endpoint;
        }
    }
}
