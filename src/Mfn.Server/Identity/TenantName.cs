using System.Text.RegularExpressions;

namespace Mfn.Server.Identity;

/// <summary>The names that tenants may have.</summary>
public static partial class TenantName
{
    /// <summary>The tenant of those that nobody has given one, and of everything that is older than tenants.</summary>
    public const string Default = "default";

    /// <summary>What a name must be, behind "must be".</summary>
    public const string Rule = "1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends";

    /// <summary>Whether a text is such a name.</summary>
    public static bool IsValid(string text) => Form().IsMatch(text);

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
