using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mfn.Server.Secrets;

namespace Mfn.Server.Configuration;

/// <summary>The JSON Schema of a file of settings, made from the options, so that an editor completes and checks it.</summary>
public static partial class SettingsSchema
{
    private const string Dialect = "https://json-schema.org/draft/2020-12/schema";

    private static readonly JsonSerializerOptions Written = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The schema as text. It takes the files that the server takes, but for what two settings contradict one another in.</summary>
    public static string Make()
    {
        var root = new JsonObject { ["$schema"] = Dialect, ["title"] = "Settings of mfn serve", ["type"] = "object", ["properties"] = new JsonObject(), ["additionalProperties"] = false };
        var properties = (JsonObject)root["properties"]!;
        root["$defs"] = new JsonObject
        {
            // The whole of a text may be a reference; what begins as one must be one.
            ["reference"] = new JsonObject { ["type"] = "string", ["pattern"] = SecretReference.Pattern, ["description"] = "Where the value is: docs/secrets.md." },
            ["text"] = new JsonObject { ["anyOf"] = new JsonArray(Reference(), new JsonObject { ["type"] = "string", ["minLength"] = 1, ["not"] = new JsonObject { ["pattern"] = SecretReference.Beginning } }) },
        };
        properties[SettingsFile.SchemaMember] = new JsonObject { ["type"] = "string", ["description"] = "Where this schema is, for editors." };
        foreach (var setting in Settings.All)
        {
            var parts = setting.Name.Split(':');
            Find(root, parts[..^1])[parts[^1]] = Of(setting);
        }

        foreach (var (path, levels) in Settings.Levels.Select(levels => (levels.TrimEnd(':').Split(':'), OfLevels())))
        {
            Find(root, path[..^1])[path[^1]] = levels;
        }

        return root.ToJsonString(Written) + "\n";
    }

    private static JsonObject Section() => new() { ["type"] = "object", ["properties"] = new JsonObject(), ["additionalProperties"] = false };

    private static JsonObject Find(JsonObject root, string[] path)
    {
        var properties = (JsonObject)root["properties"]!;
        foreach (var name in path)
        {
            properties[name] ??= Section();
            properties = (JsonObject)properties[name]!["properties"]!;
        }

        return properties;
    }

    private static JsonObject Reference() => new() { ["$ref"] = "#/$defs/reference" };

    private static JsonObject Of(Setting setting)
    {
        var value = new JsonObject();
        if (setting.IsSwitch)
        {
            value["type"] = "boolean";
        }
        else if (setting.IsNumber)
        {
            value["type"] = setting.IsWhole ? "integer" : "number";
            value["minimum"] = Number(setting.Least!);
            value["maximum"] = Number(setting.Most!);
        }
        else if (setting.IsTime)
        {
            value["type"] = "string";
            value["pattern"] = TimePattern.Within((TimeSpan)setting.Least!, (TimeSpan)setting.Most!);
        }
        else if (setting.Words.Count > 0)
        {
            value["enum"] = Enumerate(setting);
        }

        var schema = value.Count == 0 ? new JsonObject { ["$ref"] = "#/$defs/text" } : new JsonObject { ["anyOf"] = new JsonArray(value, Reference()) };
        schema["description"] = Describe(setting);
        if (setting.HasDefaultValue)
        {
            schema["default"] = setting.IsSwitch ? bool.Parse(setting.Default!)
                : setting.IsWhole ? long.Parse(setting.Default!, CultureInfo.InvariantCulture)
                : setting.IsNumber ? double.Parse(setting.Default!, CultureInfo.InvariantCulture)
                : setting.Default;
        }

        return schema;
    }

    private static JsonObject OfLevels()
    {
        var words = new JsonObject { ["enum"] = Enumerate(Setting.Level("")) };
        var level = new JsonObject { ["anyOf"] = new JsonArray(words, Reference()) };
        return new JsonObject
        {
            ["type"] = "object",
            ["description"] = "The least level that is logged of Default, or of loggers whose names begin so.",
            ["properties"] = new JsonObject(Settings.Loggers.Select(logger => KeyValuePair.Create(logger, (JsonNode?)level.DeepClone()))),
            ["patternProperties"] = new JsonObject { [$"^({string.Join('|', Settings.Loggers)})\\."] = level },
            ["additionalProperties"] = false,
        };
    }

    private static JsonArray Enumerate(Setting setting) => [.. setting.Words.Select(word => JsonValue.Create(word))];

    private static JsonNode Number(IComparable bound) => bound is long whole ? whole : (double)bound;

    // Markdown without its marks.
    private static string Describe(Setting setting)
    {
        var plain = Link().Replace(setting.Meaning, "$1").Replace("`", "", StringComparison.Ordinal).Replace(" ()", "", StringComparison.Ordinal);
        var usual = setting.HasDefaultValue || setting.Default is null or "none" ? "" : $" Default: {setting.Default.Replace("`", "", StringComparison.Ordinal)}.";
        return $"{char.ToUpperInvariant(plain[0])}{plain[1..]}.{usual}{(setting.IsLive ? " A running server follows changes." : "")}";
    }

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex Link();
}
