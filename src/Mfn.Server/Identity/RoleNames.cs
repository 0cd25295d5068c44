using System.Diagnostics.CodeAnalysis;

namespace Mfn.Server.Identity;

/// <summary>Roles as they are written in files, tokens and flags.</summary>
public static class RoleNames
{
    /// <summary>Every role.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<Roles>().Where(role => role != Roles.None).SelectMany(Of)];

    /// <summary>The names of roles, such as "viewer".</summary>
    public static IReadOnlyList<string> Of(Roles roles) =>
        [.. Enum.GetValues<Roles>().Where(role => role != Roles.None && roles.HasFlag(role)).Select(LowerCase)];

    /// <summary>The role of a name.</summary>
    public static bool TryParse(string name, out Roles role)
    {
        role = Enum.GetValues<Roles>().FirstOrDefault(each => each != Roles.None && LowerCase(each) == name);
        return role != Roles.None;
    }

    [SuppressMessage("Globalization", "CA1308", Justification = "It is how they are written.")]
    private static string LowerCase(Roles role) => role.ToString().ToLowerInvariant();
}
