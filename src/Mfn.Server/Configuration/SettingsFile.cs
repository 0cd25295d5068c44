using System.Globalization;
using System.Text.Json;
using Mfn.Server.Secrets;
using Mfn.Server.Texts;

namespace Mfn.Server.Configuration;

/// <summary>The JSON file that <c>--config</c> names. It may have comments and commas behind the last member.</summary>
internal static class SettingsFile
{
    /// <summary>A member for editors, which is no setting.</summary>
    public const string SchemaMember = "$schema";

    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>The settings in the file, and what is wrong with it beside their names and values.</summary>
    public static IReadOnlyList<GivenSetting> Read(string path, List<string> problems)
    {
        if (FileText.Read(path, out var text) is { } problem)
        {
            problems.Add($"--config {problem}");
            return [];
        }

        return Parse(path, text, problems);
    }

    /// <summary>The settings in a text, and what is wrong with it beside their names.</summary>
    /// <param name="path">What it is called.</param>
    /// <param name="text">JSON.</param>
    /// <param name="problems">Gets what is wrong.</param>
    public static IReadOnlyList<GivenSetting> Parse(string path, string text, List<string> problems)
    {
        var given = new List<GivenSetting>();
        try
        {
            using var json = JsonDocument.Parse(text, Lenient);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
            {
                AddMembers(path, "", json.RootElement, given, problems);
            }
            else
            {
                problems.Add($"{path} must be a JSON object such as {{ \"Limits\": {{ \"MaxSteps\": 500 }} }}, but is {Kind(json.RootElement)}.");
            }
        }
        catch (JsonException error)
        {
            problems.Add(string.IsNullOrWhiteSpace(text)
                ? $"{path} is empty; a JSON object is needed, which may be {{}}."
                : $"{path} is not valid JSON, {Position(error)}: {Sentence(error.Message)}");
        }

        return given;
    }

    private static void AddMembers(string path, string section, JsonElement parent, List<GivenSetting> given, List<string> problems)
    {
        foreach (var member in parent.EnumerateObject())
        {
            var name = section + member.Name;
            if (member.Name.Contains(':', StringComparison.Ordinal))
            {
                problems.Add($"{path}: {CallersText.Show(name)} must be objects within one another, without colons.");
            }
            else if (name == SchemaMember && member.Value.ValueKind == JsonValueKind.String)
            {
                continue;
            }
            else if (member.Value.ValueKind is not JsonValueKind.Object)
            {
                AddValue(path, name, member.Value, given, problems);
            }
            else if (Settings.Find(name) is not null)
            {
                problems.Add($"{path}: {name} is one setting, and must not be an object.");
            }
            else if (Settings.IsSection(name) || member.Value.EnumerateObject().Any())
            {
                AddMembers(path, $"{name}:", member.Value, given, problems);
            }
            else
            {
                problems.Add($"{path}: {CallersText.Show(name)} is no section of settings.");
            }
        }
    }

    private static void AddValue(string path, string name, JsonElement value, List<GivenSetting> given, List<string> problems)
    {
        var setting = Settings.Find(name);
        if (Settings.IsSection(name))
        {
            problems.Add($"{path}: {name} is a section, and must be an object, but is {Kind(value)}.");
        }
        else if (setting is null)
        {
            given.Add(new GivenSetting(name, "", $"{path}: {name}", other => other));
        }
        else if (setting.Name != name)
        {
            problems.Add($"{path}: {name} must be written {setting.Name}.");
        }
        else if (value.ValueKind is JsonValueKind.Array or JsonValueKind.Null)
        {
            problems.Add($"{path}: {name} must be one value, but is {Kind(value)}.");
        }
        else if (setting.Problem(value, out var text) is { } problem)
        {
            problems.Add($"{path}: {name} {problem}");
        }
        else
        {
            given.Add(new GivenSetting(name, text, $"{path}: {name}", other => other));
        }
    }

    private static string Kind(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        JsonValueKind.Null => "null",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        _ => "true or false",
    };

    private static string Position(JsonException error) =>
        string.Create(CultureInfo.InvariantCulture, $"line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}");

    // What follows the first sentence is the position once more.
    private static string Sentence(string message) =>
        message.IndexOf(" LineNumber:", StringComparison.Ordinal) is var end and > 0 ? message[..end] : message;
}
