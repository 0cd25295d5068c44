using System.Collections;
using System.Reflection;
using Mfn.Server.Security;

namespace Mfn.Server.Configuration;

/// <summary>The settings that environment variables give: <c>MFN_Limits__MaxSteps</c> is Limits:MaxSteps.</summary>
internal static class EnvironmentSettings
{
    private const string Prefix = "MFN_";
    private const string Separator = "__";
    private const string Logging = "Logging:";

    // They say where the command line's server is, and are no settings of one.
    private static readonly string[] OfTheCommandLine = ["MFN_SERVER", "MFN_CONTEXT", "MFN_KEY"];

    private static readonly (string Section, Type Options)[] Sections =
    [
        (LimitsOptions.Section, typeof(LimitsOptions)),
        (StreamingOptions.Section, typeof(StreamingOptions)),
        (RunsOptions.Section, typeof(RunsOptions)),
        (ShutdownOptions.Section, typeof(ShutdownOptions)),
        (TlsOptions.Section, typeof(TlsOptions)),
    ];

    /// <summary>Every setting, but those of logging.</summary>
    public static IReadOnlyList<string> Known { get; } =
    [
        "Urls",
        .. from section in Sections
           from property in section.Options.GetProperties(BindingFlags.Public | BindingFlags.Instance)
           where property.CanWrite
           select $"{section.Section}:{property.Name}",
    ];

    /// <summary>Adds the variables that are settings, and refuses those that look like some but are none: a misspelt limit would be no limit.</summary>
    /// <exception cref="InvalidDataException">There are such; all of them are named.</exception>
    public static void AddTo(IConfigurationBuilder configuration, IDictionary environment)
    {
        var settings = new Dictionary<string, string?>();
        var problems = new List<string>();
        foreach (DictionaryEntry variable in environment)
        {
            if (variable.Key is not string name || !name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) || OfTheCommandLine.Contains(name))
            {
                continue;
            }

            var setting = name[Prefix.Length..].Replace(Separator, ":", StringComparison.Ordinal);
            if (Known.Contains(setting, StringComparer.OrdinalIgnoreCase) || setting.StartsWith(Logging, StringComparison.OrdinalIgnoreCase))
            {
                settings[setting] = (string?)variable.Value;
            }
            else
            {
                problems.Add(Refuse(name, setting));
            }
        }

        if (problems.Count > 0)
        {
            throw new InvalidDataException(string.Join(' ', problems.Order(StringComparer.Ordinal)));
        }

        configuration.AddInMemoryCollection(settings);
    }

    private static string Refuse(string variable, string setting)
    {
        var nearest = NearestName.Find(setting, Known);
        var advice = nearest.Count > 0
            ? $"; did you mean {string.Join(" or ", nearest.Select(name => Prefix + name.Replace(":", Separator, StringComparison.Ordinal)))}?"
            : setting.StartsWith("SERVICE_", StringComparison.Ordinal) || setting.StartsWith("PORT", StringComparison.Ordinal)
                ? ". Kubernetes sets it for a Service that is called mfn, unless the pod has enableServiceLinks: false."
                : ".";
        return $"The environment variable {variable} is no setting{advice}";
    }
}
