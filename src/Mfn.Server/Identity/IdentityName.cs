using System.Text.RegularExpressions;

namespace Mfn.Server.Identity;

/// <summary>The names that identities may have: they stand in logs.</summary>
public static partial class IdentityName
{
    /// <summary>What a name must be, behind "must be".</summary>
    public const string Rule = "1 to 128 visible ASCII characters";

    /// <summary>Whether a text is such a name.</summary>
    public static bool IsValid(string text) => Form().IsMatch(text);

    [GeneratedRegex(@"\A[!-~]{1,128}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
