using System.Text.RegularExpressions;

namespace Mfn.Server.Runs;

/// <summary>What its creator calls a run: 1 to 63 characters of a-z, 0-9 and '-', the first a letter. No two live runs have the same.</summary>
internal readonly partial record struct RunName(string Value)
{
    /// <summary>The form in words.</summary>
    public const string Form = "1 to 63 characters of a-z, 0-9 and '-', the first a letter";

    /// <summary>Reads a name of this form, and only that.</summary>
    public static bool TryParse(string text, out RunName name)
    {
        name = new RunName(text);
        return Pattern().IsMatch(text);
    }

    public override string ToString() => Value;

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
