using System.Collections;
using Mfn.Server.Secrets;
using Mfn.Server.Texts;

namespace Mfn.Server.Configuration;

/// <summary>The settings that a server starts with: of each the one from the first place that has it, the command line, the environment variables, the file, or the environment.</summary>
internal sealed class ServerSettings
{
    private readonly Dictionary<string, GivenSetting> _given = new(StringComparer.OrdinalIgnoreCase);

    private readonly IReadOnlyList<string> _arguments;
    private readonly IDictionary _environment;
    private readonly Func<string, bool>? _isTaken;

    // Of the settings that say how secrets are read.
    private readonly List<string> _accessProblems = [];

    private ServerSettings(IReadOnlyList<string> arguments, IDictionary environment, Func<string, bool>? isTaken, SecretStore secrets) =>
        (_arguments, _environment, _isTaken, Secrets) = (arguments, environment, isTaken, secrets);

    /// <summary>Reads what settings name and refer to.</summary>
    public SecretStore Secrets { get; private set; }

    /// <summary>The environment variables that this server may look at; none if only some settings of them are for it.</summary>
    public IDictionary Environment => _isTaken is null ? _environment : new Hashtable();

    /// <summary>The file that the command line names; null if it names none.</summary>
    public string? File { get; private set; }

    /// <summary>What must not be left as it is for a server to start, in the words of whoever gave it.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>Reads all places, and notes what is wrong with any.</summary>
    /// <param name="arguments">As <see cref="CommandLineSettings"/> reads them.</param>
    /// <param name="environment">Environment variables.</param>
    /// <param name="isTaken">Which settings of the environment are for this server; all if null. What is no setting is refused nevertheless.</param>
    public static ServerSettings Read(IEnumerable<string> arguments, IDictionary environment, Func<string, bool>? isTaken = null) =>
        Read([.. arguments], environment, isTaken, secrets: null);

    private static ServerSettings Read(IReadOnlyList<string> arguments, IDictionary environment, Func<string, bool>? isTaken, SecretStore? secrets)
    {
        var settings = new ServerSettings(arguments, environment, isTaken, secrets ?? SecretStore.OfThisMachine(environment));
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

        settings.ReadReferences(secrets);
        settings.CheckValues();
        Contradictions.Note(settings);
        return settings;
    }

    /// <summary>The settings of the same places as they are now: the file may have changed.</summary>
    public ServerSettings ReadAgain() => Read(_arguments, _environment, _isTaken, Secrets);

    /// <summary>These settings, but of those that a running server follows what others have.</summary>
    public ServerSettings WithLiveOf(ServerSettings others)
    {
        var settings = new ServerSettings(_arguments, _environment, _isTaken, Secrets) { File = File };
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

    /// <summary>The value of a setting; null if nobody gave it, or what stands in its place could not be read.</summary>
    public string? Find(string name) => _given.GetValueOrDefault(name) is { IsUnread: false } given ? given.Value : null;

    /// <summary>What in place of its value its giver gave; null if it gave the value.</summary>
    public string? ReferenceOf(string name) => _given.GetValueOrDefault(name)?.Reference;

    /// <summary>The settings that have a reference in place of their value, but for those that name files, with what was read there.</summary>
    public IReadOnlyList<(string Setting, string Reference, string Content)> References =>
        [.. _given.Where(each => each.Value.Reference is not null).Select(each => (each.Key, each.Value.Reference!, each.Value.Content))];

    /// <summary>Whether others may see the value of a setting.</summary>
    public bool IsShown(string name) => ReferenceOf(name) is null && Settings.Find(name) is not { IsSecret: true };

    /// <summary>Says of a wrong value what it was, behind "must be …, but ", if others may see it.</summary>
    public string Was(string name) => IsShown(name) ? $"was {CallersText.Quote(Find(name) ?? "")}" : $"{ReferenceOf(name) ?? "what was given"} is something else";

    /// <summary>What is in the file that a setting names, or behind the reference in its place.</summary>
    /// <returns>Why that cannot be, to be said behind the name of the setting; null if it could.</returns>
    public string? ReadFile(string name, out string text) => Secrets.ReadOrLast(Find(name) ?? "", out text);

    /// <summary>Notes what is wrong with the settings that say how secrets are read, together or with what they name.</summary>
    public void CheckSecrets() => Problems.AddRange(_accessProblems);

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

    // First those that say how the others are read. The store stays the same while the server runs.
    private void ReadReferences(SecretStore? known)
    {
        var machine = SecretStore.OfThisMachine(_environment);
        foreach (var name in _given.Keys.Where(SecretProviders.Describes).ToArray())
        {
            ReadReference(name, machine);
        }

        // What is wrong with others is told at once, although they are taken at the next start.
        var described = SecretProviders.CreateStore(this, _environment, _accessProblems);
        if (known is not null)
        {
            described.Dispose();
        }

        Secrets = known ?? described;
        var others = _given.Where(each => SecretReference.IsReference(each.Value.Value) && !SecretProviders.Describes(each.Key)).ToArray();
        Secrets.Prepare(others.Select(each => each.Value.Value));
        foreach (var (name, _) in others)
        {
            ReadReference(name, Secrets);
        }
    }

    // Of a setting that names a file the reference stays, and whoever reads the file reads what it stands for.
    private void ReadReference(string name, SecretStore secrets)
    {
        var given = _given[name];
        if (!SecretReference.IsReference(given.Value) || Settings.Find(name)!.NamesFile)
        {
            return;
        }

        var problem = secrets.ReadOrLast(given.Value, out var content);

        // Editors and echo end what they write with a line end, which is none of the value's.
        var text = content.EndsWith("\r\n", StringComparison.Ordinal) ? content[..^2] : content.EndsWith('\n') ? content[..^1] : content;
        problem ??= text.Length == 0 ? $"must not be empty, but {given.Value} is." : null;
        if (problem is not null)
        {
            Problems.Add($"{given.WrittenAs} {problem}");
        }

        _given[name] = given with { Value = text, Reference = given.Value, Content = content, IsUnread = problem is not null };
    }

    private void CheckValues()
    {
        foreach (var (name, given) in _given)
        {
            if (!given.IsUnread && Settings.Find(name)!.Problem(given.Value, IsShown(name) ? null : $"{Was(name)}.") is { } problem)
            {
                Problems.Add($"{given.WrittenAs} {problem}");
            }
        }
    }
}
