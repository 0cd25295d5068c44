using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mfn.Server.Configuration;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Web;

/// <summary>The OpenAPI document: docs/openapi.json, with this server's limits where a bound is one of its settings.</summary>
internal sealed class ApiDocument(IOptionsMonitor<LimitsOptions> limits)
{
    /// <summary>What says in the document which setting a bound is.</summary>
    public const string SettingMember = "x-mfn-setting";

    private const string Resource = "openapi.json";

    private static readonly JsonSerializerOptions Written = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private Copy? _copy;

    /// <summary>The document, as the limits are now.</summary>
    public WebPage Current
    {
        get
        {
            var options = limits.CurrentValue;
            var copy = _copy;
            if (copy?.Limits != options)
            {
                _copy = copy = new Copy(options, new WebPage(ContentTypes.Json, For(options)));
            }

            return copy.Page;
        }
    }

    private static byte[] For(LimitsOptions options)
    {
        var text = WebPage.ReadResource(typeof(ApiDocument).Assembly, Resource);
        var document = JsonNode.Parse(text)!;
        return Bound(document, options) ? JsonSerializer.SerializeToUtf8Bytes(document, Written) : text;
    }

    /// <summary>Puts the limits in; returns whether one is another than it was.</summary>
    private static bool Bound(JsonNode? node, LimitsOptions options)
    {
        var isOther = false;
        foreach (var part in node switch { JsonObject parts => parts.Select(part => part.Value), JsonArray parts => parts, _ => [] })
        {
            isOther |= Bound(part, options);
        }

        if ((node as JsonObject)?[SettingMember]?.GetValue<string>() is { } setting)
        {
            var name = setting[(LimitsOptions.Section.Length + 1)..];
            var limit = Convert.ToInt64(typeof(LimitsOptions).GetProperty(name)!.GetValue(options), CultureInfo.InvariantCulture);
            var bound = node["maxItems"] is null ? "maximum" : "maxItems";
            isOther |= node[bound]?.GetValue<long>() != limit;
            node[bound] = limit;
        }

        return isOther;
    }

    private sealed record Copy(LimitsOptions Limits, WebPage Page);
}
