using System.Collections;

namespace Mfn.Server.Configuration;

/// <summary>The settings that a server starts with: of each the one from the first place that has it, the command line, the environment variables, the file, or the environment.</summary>
internal sealed class ServerSettings
{
    private readonly Dictionary<string, GivenSetting> _given = new(StringComparer.OrdinalIgnoreCase);

    private readonly IReadOnlyList<string> _arguments;
    private readonly IDictionary _environment;
    private readonly Func<string, bool>? _isTaken;

    private ServerSettings(IReadOnlyList<string> arguments, IDictionary environment, Func<string, bool>? isTaken) => (_arguments, _environment, _isTaken) = (arguments, environment, isTaken);

    /// <summary>The file that the command line names; null if it names none.</summary>
    public string? File { get; private set; }

    /// <summary>What must not be left as it is for a server to start, in the words of whoever gave it.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>Reads all places, and notes what is wrong with any.</summary>
    /// <param name="arguments">As <see cref="CommandLineSettings"/> reads them.</param>
    /// <param name="environment">Environment variables.</param>
    /// <param name="isTaken">Which settings of the environment are for this server; all if null. What is no setting is refused nevertheless.</param>
    public static ServerSettings Read(IEnumerable<string> arguments, IDictionary environment, Func<string, bool>? isTaken = null)
    {
        var settings = new ServerSettings([.. arguments], environment, isTaken);
        var commandLine = CommandLineSettings.Read(arguments, out var file, out var preset, settings.Problems);
        settings.Add(commandLine, _ => true, _ => ".");
        settings.Add(EnvironmentSettings.Read(environment), isTaken ?? (_ => true), EnvironmentSettings.Explain);
        settings.File = file;
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

    /// <summary>The settings of the same places as they are now: the file may have changed.</summary>
    public ServerSettings ReadAgain() => Read(_arguments, _environment, _isTaken);

    /// <summary>These settings, but of those that a running server follows what others have.</summary>
    public ServerSettings WithLiveOf(ServerSettings others)
    {
        var settings = new ServerSettings(_arguments, _environment, _isTaken) { File = File };
        foreach (var (name, given) in _given.Where(each => !IsLive(each.Key)).Concat(others._given.Where(each => IsLive(each.Key))))
        {
            settings._given.Add(name, given);
        }

        Contradictions.Note(settings);
        return settings;

        static bool IsLive(string name) => Settings.Find(name)!.IsLive;
    }

    /// <summary>The names of the settings that have other values in others.</summary>
    public IReadOnlyList<string> DifferencesTo(ServerSettings others) =>
        [.. _given.Keys.Union(others._given.Keys, StringComparer.OrdinalIgnoreCase).Where(name => Value(this, name) != Value(others, name)).Select(name => Settings.Find(name)!.Name).Order(StringComparer.Ordinal)];

    private static string? Value(ServerSettings settings, string name) => settings.Find(name) is { } value ? Settings.Find(name)!.Canonical(value) : null;

    /// <summary>The value of a setting; null if nobody gave it.</summary>
    public string? Find(string name) => _given.GetValueOrDefault(name)?.Value;

    /// <summary>The names of the settings that somebody gave.</summary>
    public IEnumerable<string> Given => _given.Keys;

    /// <summary>Whether somebody gave a setting.</summary>
    public bool IsGiven(string name) => _given.ContainsKey(name);

    /// <summary>What its giver calls a setting; its name if nobody gave it.</summary>
    public string NameOf(string name) => _given.GetValueOrDefault(name)?.WrittenAs ?? name;

    /// <summary>The settings as options are bound to them.</summary>
    /// <exception cref="InvalidSettingsException">Something is wrong with them.</exception>
    public IReadOnlyDictionary<string, string?> ToValues() => Problems.Count > 0
        ? throw new InvalidSettingsException(Problems)
        : _given.Keys.Select(name => Settings.Find(name)!.Name).ToDictionary(name => name, name => Value(this, name), StringComparer.OrdinalIgnoreCase);

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
