using System.Text.RegularExpressions;

namespace Mfn.Server.Secrets;

/// <summary>Where the value of a setting is, in place of the value: <c>file:PATH</c>, <c>env:NAME</c>, <c>vault:MOUNT/PATH#FIELD</c> or <c>aws:NAME#FIELD</c>.</summary>
/// <param name="Scheme">The provider.</param>
/// <param name="Path">The place there.</param>
/// <param name="Field">The member of the JSON object that is there; null for all that is there.</param>
internal sealed partial record SecretReference(string Scheme, string Path, string? Field)
{
    public const string File = "file";
    public const string Environment = "env";
    public const string Vault = "vault";
    public const string Aws = "aws";

    /// <summary>What begins as a reference does, as a regular expression (ECMA-262).</summary>
    public const string Beginning = "^(?:file|env|vault|aws):";

    /// <summary>References, as a regular expression (ECMA-262, and .NET's, of which the end would be before a last line end too).</summary>
    public const string Pattern =
        "^(?:file:[^\\x00-\\x1f]+|env:[A-Za-z_][A-Za-z0-9_]*|vault:[^\\s#/]+(?:/{1,2}[^\\s#/]+)+#[^\\s#]+|aws:[A-Za-z0-9/_+=.@:-]+(?:#[^\\s#]+)?)$(?!\\n)";

    /// <summary>What a reference must look like, to be said behind the name of a setting.</summary>
    public const string Rule = "must be file:PATH, env:NAME, vault:MOUNT/PATH#FIELD or aws:NAME#FIELD";

    /// <summary>Whether a text would be a reference.</summary>
    public static bool IsReference(string text) => StartOfOne().IsMatch(text);

    /// <summary>The reference that a text is; null if it is none, or a wrong one.</summary>
    public static SecretReference? Parse(string text)
    {
        if (!Whole().IsMatch(text))
        {
            return null;
        }

        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var (scheme, rest) = (text[..colon], text[(colon + 1)..]);
        return (scheme is Vault or Aws) && rest.IndexOf('#', StringComparison.Ordinal) is var mark and > 0
            ? new SecretReference(scheme, rest[..mark], rest[(mark + 1)..])
            : new SecretReference(scheme, rest, Field: null);
    }

    /// <summary>The file that a setting names, itself or by a reference; null if its value is elsewhere.</summary>
    public static string? PathOf(string text) => !IsReference(text) ? text : Parse(text) is { Scheme: File } file ? file.Path : null;

    public override string ToString() => $"{Scheme}:{Path}{(Field is null ? "" : $"#{Field}")}";

    [GeneratedRegex(Beginning, RegexOptions.CultureInvariant)]
    private static partial Regex StartOfOne();

    [GeneratedRegex(Pattern, RegexOptions.CultureInvariant)]
    private static partial Regex Whole();
}
