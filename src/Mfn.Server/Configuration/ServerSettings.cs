using System.Collections;

namespace Mfn.Server.Configuration;

/// <summary>The settings that a server starts with: of each the one from the first place that has it, the command line, the environment variables, the file, or the environment.</summary>
internal sealed class ServerSettings
{
    private readonly Dictionary<string, GivenSetting> _given = new(StringComparer.OrdinalIgnoreCase);

    private ServerSettings()
    {
    }

    /// <summary>What must not be left as it is for a server to start, in the words of whoever gave it.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>Reads all places, and notes what is wrong with any.</summary>
    /// <param name="arguments">As <see cref="CommandLineSettings"/> reads them.</param>
    /// <param name="environment">Environment variables.</param>
    /// <param name="isTaken">Which settings of the environment are for this server; all if null. What is no setting is refused nevertheless.</param>
    public static ServerSettings Read(IEnumerable<string> arguments, IDictionary environment, Func<string, bool>? isTaken = null)
    {
        var settings = new ServerSettings();
        var commandLine = CommandLineSettings.Read(arguments, out var file, out var preset, settings.Problems);
        settings.Add(commandLine, _ => true, _ => ".");
        settings.Add(EnvironmentSettings.Read(environment), isTaken ?? (_ => true), EnvironmentSettings.Explain);
        if (file is not null)
        {
            settings.Add(SettingsFile.Read(file, settings.Problems), _ => true, _ => ".");
        }

        if ((preset ?? (string?)environment[EnvironmentSettings.EnvironmentVariable]) is { } name)
        {
            settings.Add(EnvironmentPresets.Read(name, preset is null ? EnvironmentSettings.EnvironmentVariable : "--environment", settings.Problems), preset is null && isTaken is not null ? isTaken : _ => true, _ => ".");
        }

        settings.CheckValues();
        Contradictions.Note(settings);
        return settings;
    }

    /// <summary>The value of a setting; null if nobody gave it.</summary>
    public string? Find(string name) => _given.GetValueOrDefault(name)?.Value;

    /// <summary>The names of the settings that somebody gave.</summary>
    public IEnumerable<string> Given => _given.Keys;

    /// <summary>Whether somebody gave a setting.</summary>
    public bool IsGiven(string name) => _given.ContainsKey(name);

    /// <summary>What its giver calls a setting; its name if nobody gave it.</summary>
    public string NameOf(string name) => _given.GetValueOrDefault(name)?.WrittenAs ?? name;

    /// <summary>Hands the settings to whoever binds options to them.</summary>
    /// <exception cref="InvalidSettingsException">Something is wrong with them.</exception>
    public void AddTo(IConfigurationBuilder configuration)
    {
        if (Problems.Count > 0)
        {
            throw new InvalidSettingsException(Problems);
        }

        configuration.AddInMemoryCollection(
            _given.Values.Select(given => (Setting: Settings.Find(given.Name)!, given.Value))
                .Select(each => KeyValuePair.Create(each.Setting.Name, (string?)each.Setting.Canonical(each.Value))));
    }

    // Of a place less than those before it.
    private void Add(IReadOnlyList<GivenSetting> place, Func<string, bool> isTaken, Func<GivenSetting, string> explain)
    {
        foreach (var same in place.GroupBy(given => given.Name, StringComparer.OrdinalIgnoreCase))
        {
            var given = same.First();
            if (Settings.Find(given.Name) is not { } setting)
            {
                Problems.Add(given.Refuse(explain(given)));
            }
            else if (same.Count() > 1)
            {
                Problems.Add($"{string.Join(" and ", same.Select(each => each.WrittenAs))} are the same setting, which can be given once.");
            }
            else if (isTaken(setting.Name))
            {
                _given.TryAdd(setting.Name, given);
            }
        }
    }

    private void CheckValues()
    {
        foreach (var (name, given) in _given)
        {
            if (Settings.Find(name)!.Problem(given.Value) is { } problem)
            {
                Problems.Add($"{given.WrittenAs} {problem}");
            }
        }
    }
}
