using Microsoft.Net.Http.Headers;

namespace Mfn.Server.Web;

/// <summary>The forms of what goes out.</summary>
internal static class ContentTypes
{
    public const string Json = "application/json";

    /// <summary>A line of JSON for each message.</summary>
    public const string JsonLines = "application/x-ndjson";

    /// <summary>Server-sent events.</summary>
    public const string Events = "text/event-stream";

    /// <summary>The bytes that messages bring, one after the other.</summary>
    public const string Bytes = "application/octet-stream";

    /// <summary>An array of numpy's.</summary>
    public const string Npy = "application/x-npy";

    /// <summary>A picture of a field, a pixel a cell.</summary>
    public const string Png = "image/png";

    /// <summary>What is offered for a rule, the usual first.</summary>
    public static IReadOnlyList<string> Offered(HttpRule rule)
    {
        string[] usual = rule.HasOneAnswer ? [Json] : rule.Chunk is not null ? [Bytes] : [JsonLines, Events];
        return rule.Array switch
        {
            ArrayKind.Field => [.. usual, Npy, Bytes, Png],
            ArrayKind.Vector => [.. usual, Npy, Bytes],
            _ => usual,
        };
    }

    /// <summary>Whether a form has the numbers of an answer and nothing else.</summary>
    public static bool IsArray(HttpRule rule, string contentType) => rule.Array != ArrayKind.None && contentType is (Npy or Bytes or Png);

    /// <summary>The one of the offered that a client likes best, by its quality and then in their order; null if it takes none.</summary>
    public static string? Choose(IList<MediaTypeHeaderValue> accept, IReadOnlyList<string> offered)
    {
        if (accept.Count == 0)
        {
            return offered[0];
        }

        var best = offered.Select(each => (Type: each, Quality: QualityOf(each, accept))).MaxBy(each => each.Quality);
        return best.Quality > 0 ? best.Type : null;
    }

    // The most specific range that has the type says.
    private static double QualityOf(string type, IList<MediaTypeHeaderValue> accept)
    {
        var value = new MediaTypeHeaderValue(type);
        return accept.Where(value.IsSubsetOf).OrderBy(range => range.MatchesAllTypes ? 2 : range.MatchesAllSubTypes ? 1 : 0).FirstOrDefault() is { } range ? range.Quality ?? 1 : 0;
    }
}
