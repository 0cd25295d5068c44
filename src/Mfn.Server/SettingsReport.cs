using System.Collections;
using Mfn.Server.Configuration;
using Mfn.Server.Secrets;

namespace Mfn.Server;

/// <summary>The settings that a server would have, without one: what is wrong with them, what one should know of them, and where each comes from.</summary>
public sealed class SettingsReport
{
    private SettingsReport(IReadOnlyList<string> problems, IReadOnlyList<string> warnings, IReadOnlyList<EffectiveSetting> effective) => (Problems, Warnings, Effective) = (problems, warnings, effective);

    /// <summary>Why a server would not start, a sentence each, in the words of whoever gave the settings.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>What the server would warn of.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>Every setting, in the order of the documentation; levels of logging only if somebody gave them.</summary>
    public IReadOnlyList<EffectiveSetting> Effective { get; }

    /// <summary>Reads settings as <see cref="MfnServer.Build(string[])"/> does, with the files that they name.</summary>
    /// <param name="arguments">The command line of a server.</param>
    /// <param name="environment">Environment variables.</param>
    public static SettingsReport Read(IEnumerable<string> arguments, IDictionary environment)
    {
        var settings = ServerSettings.Read(arguments, environment);
        using var secrets = settings.Secrets;
        var (credentials, access) = MfnServer.Check(settings);
        var levels = settings.Given.Select(name => Settings.Find(name)!).Where(setting => Settings.IsLevel(setting.Name)).OrderBy(setting => setting.Name, StringComparer.Ordinal);
        return new SettingsReport(settings.Problems, [.. credentials.Warnings, .. access.Warnings], [.. Settings.All.Concat(levels).Select(Explain)]);

        EffectiveSetting Explain(Setting setting)
        {
            var given = settings.Find(setting.Name);
            return new(
                setting.Name,
                settings.IsGiven(setting.Name) && !settings.IsShown(setting.Name) ? EffectiveSetting.Hidden : given is not null ? Mask(given) : setting.Default is "none" ? null : setting.Default,
                settings.IsGiven(setting.Name) ? settings.NameOf(setting.Name) : null,
                setting.Values,
                setting.IsLive)
            {
                Reference = settings.ReferenceOf(setting.Name) ?? (setting.NamesFile && given is not null && SecretReference.IsReference(given) ? given : null),
            };
        }
    }

    // Of a URL the name and the password are nobody's business.
    private static string Mask(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var url) && url.UserInfo.Length > 0 ? value.Replace($"{url.UserInfo}@", "***@", StringComparison.Ordinal) : value;
}
