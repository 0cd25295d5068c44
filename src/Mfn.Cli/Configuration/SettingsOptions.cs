using System.CommandLine;
using System.CommandLine.Parsing;
using Mfn.Cli.Flags;
using Mfn.Server;
using Mfn.Server.Configuration;

namespace Mfn.Cli.Configuration;

/// <summary>The options that give a server its settings.</summary>
internal sealed class SettingsOptions
{
    private const string UrlsName = "--urls";
    private const string EnvironmentName = "--environment";
    private const string ConfigName = "--config";
    private const string SetName = "--set";

    private readonly Option<string?> _urls = new(UrlsName)
    {
        Description = $"Where to listen; several with semicolons; port 0 takes a free one. Default: {MfnServer.DefaultUrl}.",
        HelpName = "URLS",
    };

    private readonly Option<string?> _environment = CreateEnvironment();
    private readonly Option<string?> _config = new(ConfigName) { Description = "JSON file with settings.", HelpName = "FILE" };

    private readonly Option<string[]> _settings = new(SetName)
    {
        Description = "One setting, such as Limits:MaxSteps=500. May be repeated.",
        HelpName = "KEY=VALUE",
        DefaultValueFactory = _ => [],
    };

    public SettingsOptions() => _settings.Validators.Add(result =>
    {
        foreach (var token in result.Tokens.Where(token => !IsPair(token.Value)))
        {
            result.AddError($"{SetName} must be KEY=VALUE, but was '{token.Value}'.");
        }
    });

    /// <summary><c>--environment</c>.</summary>
    public static Option<string?> CreateEnvironment() => ChoiceOption.Create(
        EnvironmentName, "What holds of settings that nobody else gives. Default: $MFN_ENVIRONMENT, or none.", EnvironmentPresets.Names);

    public void AddTo(Command command)
    {
        command.Add(_urls);
        command.Add(_environment);
        command.Add(_config);
        command.Add(_settings);
    }

    /// <summary>The command line of a server.</summary>
    public string[] Read(ParseResult arguments) =>
        Arguments(arguments.GetValue(_urls), arguments.GetValue(_environment), arguments.GetValue(_config), arguments.GetValue(_settings)!);

    /// <summary>The same of a command line that is wrong itself, as far as it has settings.</summary>
    public static string[] ReadWords(ParseResult parsed)
    {
        return Arguments(Words(UrlsName).FirstOrDefault(), environment: null, Words(ConfigName).FirstOrDefault(), [.. Words(SetName).Where(IsPair)]);

        IEnumerable<string> Words(string option) => parsed.GetResult(option) is OptionResult given ? given.Tokens.Select(token => token.Value).Where(word => word.Length > 0) : [];
    }

    private static bool IsPair(string setting) => setting.IndexOf('=', StringComparison.Ordinal) > 0;

    private static string[] Arguments(string? urls, string? environment, string? config, string[] settings)
    {
        var arguments = settings.SelectMany(setting => new[] { SetName, setting }).ToList();
        Add(UrlsName, urls);
        Add(EnvironmentName, environment);
        Add(ConfigName, config);
        return [.. arguments];

        void Add(string option, string? value)
        {
            if (value is not null)
            {
                arguments.Add($"{option}={value}");
            }
        }
    }
}
