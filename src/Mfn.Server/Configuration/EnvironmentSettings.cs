using System.Collections;

namespace Mfn.Server.Configuration;

/// <summary>The settings that environment variables give: <c>MFN_Limits__MaxSteps</c> is Limits:MaxSteps.</summary>
internal static class EnvironmentSettings
{
    private const string Prefix = "MFN_";
    private const string Separator = "__";

    /// <summary>The variable that stands for <c>--environment</c>.</summary>
    public const string EnvironmentVariable = "MFN_ENVIRONMENT";

    // They say where the command line's server is, and are no settings of one.
    private static readonly string[] OfTheCommandLine = ["MFN_SERVER", "MFN_CONTEXT", "MFN_KEY", EnvironmentVariable];

    /// <summary>What the variables give that begin as settings do: every one of them is taken for one, since a misspelt limit would be no limit.</summary>
    public static IReadOnlyList<GivenSetting> Read(IDictionary environment) =>
    [
        .. from variable in environment.Cast<DictionaryEntry>().OrderBy(variable => (string)variable.Key, StringComparer.Ordinal)
           let name = (string)variable.Key
           where name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && !OfTheCommandLine.Contains(name)
           select new GivenSetting(name[Prefix.Length..].Replace(Separator, ":", StringComparison.Ordinal), (string?)variable.Value ?? "", name, Write) { Instead = ReferenceVariables.Find(name) },
    ];

    /// <summary>Why a variable that is no setting may be there; a full stop if nobody knows.</summary>
    public static string Explain(GivenSetting unknown) =>
        unknown.Name.StartsWith("SERVICE_", StringComparison.Ordinal) || unknown.Name.StartsWith("PORT", StringComparison.Ordinal)
            ? ". Kubernetes sets it for a Service that is called mfn, unless the pod has enableServiceLinks: false."
            : NearestName.Find(unknown.WrittenAs, OfTheCommandLine) is { Count: > 0 } nearest ? $"; did you mean {string.Join(" or ", nearest)}?" : ".";

    private static string Write(string name) => Prefix + name.Replace(":", Separator, StringComparison.Ordinal);
}
