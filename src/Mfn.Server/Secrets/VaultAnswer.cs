using System.Net;
using System.Text.Json;
using Mfn.Server.Texts;

namespace Mfn.Server.Secrets;

/// <summary>An answer of Vault.</summary>
internal sealed class VaultAnswer
{
    private const int LongestErrors = 200;

    private readonly JsonElement _body;

    private VaultAnswer(HttpStatusCode status, TimeSpan? retryAfter, JsonElement body, string errors) => (Status, RetryAfter, _body, Errors) = (status, retryAfter, body, errors);

    public HttpStatusCode Status { get; }

    /// <summary>How long Vault asks not to be asked again; null if it does not say.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>What Vault says of it, in parentheses; empty if it says nothing.</summary>
    public string Errors { get; }

    /// <summary>Reads an answer.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="text">Its body.</param>
    /// <param name="sent">What it may not be shown with.</param>
    public static VaultAnswer Read(HttpResponseMessage response, string text, IReadOnlyList<string?> sent)
    {
        var body = default(JsonElement);
        try
        {
            using var json = JsonDocument.Parse(text);
            body = json.RootElement.Clone();
        }
        catch (JsonException)
        {
            // A proxy may have answered, or nobody.
        }

        var errors = (int)response.StatusCode >= 400 && body.ValueKind == JsonValueKind.Object && body.TryGetProperty("errors", out var list) && list.ValueKind == JsonValueKind.Array
            ? string.Join(", ", list.EnumerateArray().Where(each => each.ValueKind == JsonValueKind.String).Select(each => each.GetString()))
            : "";
        foreach (var secret in sent.OfType<string>().Where(each => each.Length > 0))
        {
            errors = errors.Replace(secret, "***", StringComparison.Ordinal);
        }

        return new VaultAnswer(response.StatusCode, response.Headers.RetryAfter?.Delta, body, errors.Length == 0 ? "" : $" ({CallersText.Show(errors, LongestErrors)})");
    }

    /// <summary>A member of members of the body.</summary>
    public bool TryFind(out JsonElement found, params string[] path)
    {
        found = _body;
        foreach (var name in path)
        {
            if (found.ValueKind != JsonValueKind.Object || !found.TryGetProperty(name, out found))
            {
                return false;
            }
        }

        return true;
    }
}
