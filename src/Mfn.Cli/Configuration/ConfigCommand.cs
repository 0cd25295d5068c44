using System.Collections;
using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mfn.Cli.Output;
using Mfn.Client.Files;
using Mfn.Server;
using Mfn.Server.Configuration;

namespace Mfn.Cli.Configuration;

/// <summary><c>mfn config</c>: a server's settings, without a server.</summary>
internal static class ConfigCommand
{
    public const string Name = "config";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const string CheckName = "check";
    private const string ExplainName = "explain";
    private const string SchemaName = "schema";
    private const string ImportName = "import";

    private const string Examples = """
        Examples:
          mfn config check mfn.json
          mfn config check mfn.json --environment prod
          mfn config explain --config mfn.json
          mfn config schema > mfn.schema.json

        These commands call no server. What each setting means is in docs/configuration.md.
        """;

    private const string CheckExamples = """
        Examples:
          mfn config check mfn.json
          mfn config check mfn.json --environment prod && mfn serve --environment prod --config mfn.json

        Checks the file, and the files and secrets that it names, as a server does that starts with it and with no other settings; not whether addresses are free.
        Exit code: 0, or 2 if a server would not start.
        """;

    private const string ExplainExamples = """
        Examples:
          mfn config explain
          MFN_Limits__MaxSteps=500 mfn config explain --environment dev --config mfn.json --set Limits:MaxRuns=3
          mfn config explain --config mfn.json --json

        Takes the options and the environment variables of mfn serve, and tells what each setting is and who says so. Of a
        value that is somewhere else (env:NAME) it tells where, and *** in its place. -o wide adds what each takes.
        """;

    private const string SchemaExamples = """
        Examples:
          mfn config schema > mfn.schema.json

        Editors complete and check a file that has the member "$schema": "mfn.schema.json".
        """;

    private const string ImportExamples = """
        Examples:
          mfn config import configs/prod.json
          mfn config import configs/prod.json --out mfn.json && mfn config check mfn.json

        Reads a configuration file of MyceliumFractalNet 4.1, and tells what becomes of each value: what is taken, what is said in another way, and what has no
        meaning here. --out writes what is for a server; the commands that it prints do the rest.
        """;

    /// <summary>The examples of the command and those below it, by the commands' paths.</summary>
    public static IReadOnlyDictionary<string, string> ExamplesByPath { get; } = new Dictionary<string, string>
    {
        [Name] = Examples,
        [$"{Name} {CheckName}"] = CheckExamples,
        [$"{Name} {ExplainName}"] = ExplainExamples,
        [$"{Name} {SchemaName}"] = SchemaExamples,
        [$"{Name} {ImportName}"] = ImportExamples,
    };

    public static Command Create() => new(Name, "Checks and explains the settings of a server.")
    {
        CreateCheck(),
        CreateExplain(),
        CreateSchema(),
        CreateImport(),
    };

    private static Command CreateCheck()
    {
        var file = new Argument<string>("FILE") { HelpName = "FILE", Description = "JSON file with settings." };
        var environment = SettingsOptions.CreateEnvironment();
        var output = new OutputOptions();
        var command = new Command(CheckName, "Tells what is wrong with a file of settings.") { file, environment };
        output.AddTo(command);
        command.SetAction(arguments =>
        {
            var answer = output.Open(arguments);
            var path = arguments.GetRequiredValue(file);
            string[] more = arguments.GetValue(environment) is { } name ? [$"--environment={name}"] : [];
            var report = SettingsReport.Read([$"--config={path}", .. more], Variables());
            BadArgumentsException.ThrowIfAny([.. report.Problems.Select(problem => problem.Replace("--config must", $"{file.Name} must", StringComparison.Ordinal))]);
            var given = report.Effective.Count(setting => setting.Source is not null);
            answer.Write(
                new JsonRecord().Add("file", path).Add("settings", (long)given).Add("warnings", report.Warnings),
                writer =>
                {
                    foreach (var warning in report.Warnings)
                    {
                        writer.WriteLine($"Warning: {warning}");
                    }

                    writer.WriteLine($"A server would start with {path}, which sets {given} {(given == 1 ? "setting" : "settings")}.");
                });
            return ExitCode.Success;
        });
        return command;
    }

    // What settings may refer to; no settings.
    private static Hashtable Variables() => new(Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .Where(variable => !((string)variable.Key).StartsWith("MFN_", StringComparison.OrdinalIgnoreCase)).ToDictionary(variable => variable.Key, variable => variable.Value));

    private static Command CreateExplain()
    {
        var settings = new SettingsOptions();
        var output = new OutputOptions("A JSON array");
        var command = new Command(ExplainName, "Tells what each setting is, and who says so.");
        settings.AddTo(command);
        output.AddTo(command);
        command.SetAction(arguments =>
        {
            var answer = output.Open(arguments);
            var report = SettingsReport.Read(settings.Read(arguments), Environment.GetEnvironmentVariables());
            BadArgumentsException.ThrowIfAny([.. report.Problems]);
            answer.WriteList(
                report.Effective,
                setting => new JsonRecord().Add("setting", setting.Name).Add("value", setting.Value).Add("source", setting.Source ?? "default").Add("live", setting.IsLive).Add("reference", setting.Reference),
                new("SETTING", setting => setting.Name),
                new("VALUE", setting => setting.Value == EffectiveSetting.Hidden && setting.Reference is { } reference ? $"{setting.Value} ({reference})" : setting.Value ?? ""),
                new("SOURCE", setting => setting.Source ?? "default"),
                new("LIVE", setting => setting.IsLive ? "yes" : ""),
                new("TAKES", setting => setting.Range.Replace("`", "", StringComparison.Ordinal), IsWide: true));
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateSchema()
    {
        var command = new Command(SchemaName, "Prints the JSON Schema of files of settings.");
        command.SetAction(arguments =>
        {
            arguments.InvocationConfiguration.Output.Write(SettingsSchema.Make());
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateImport()
    {
        var file = new Argument<string>("FILE") { HelpName = "FILE", Description = "JSON file of MyceliumFractalNet 4.1." };
        var target = new Option<string?>("--out") { Description = "Write the settings of a server as JSON.", HelpName = "FILE.json" };
        var output = new OutputOptions();
        var command = new Command(ImportName, "Translates a configuration of MyceliumFractalNet 4.1.") { file, target };
        output.AddTo(command);
        command.SetAction(arguments =>
        {
            var answer = output.Open(arguments);
            var path = OutputFile.Read(arguments, target);
            var read = ReferenceConfiguration.Read(arguments.GetRequiredValue(file));
            if (path is not null)
            {
                FileReplacement.Write(path, Encoding.UTF8.GetBytes(read.Settings.ToJsonString(Indented) + "\n"), []);
            }

            answer.Write(ToRecord(read, path), writer => Tell(writer, read, answer.IsWide));
            if (path is not null)
            {
                answer.Note($"wrote {path}");
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static JsonRecord ToRecord(ReferenceConfiguration read, string? path) => new JsonRecord()
        .Add("values", read.Entries.Select(entry => new JsonRecord()
            .Add("from", entry.From)
            .Add("value", entry.Value)
            .Add("outcome", Word(entry.Outcome))
            .Add("to", entry.To)
            .Add("note", entry.Note)))
        .Add("settings", (JsonNode)read.Settings)
        .Add("environment", read.Environment)
        .Add("commands", read.Commands)
        .Add("out", path);

    private static void Tell(TextWriter writer, ReferenceConfiguration read, bool isWide)
    {
        TextTable.Write(
            writer,
            read.Entries,
            [
                new("FROM", entry => entry.From),
                new("VALUE", entry => entry.Value),
                new("OUTCOME", entry => Word(entry.Outcome).Replace('_', ' ')),
                new("TO", entry => entry.To ?? ""),
                new("NOTE", entry => entry.Note),
            ],
            isWide);
        foreach (var line in read.Commands)
        {
            writer.WriteLine(line);
        }

        writer.WriteLine(read.Settings.ToJsonString(Indented));
    }

    private static string Word(ReferenceOutcome outcome) => outcome switch
    {
        ReferenceOutcome.Taken => "taken",
        ReferenceOutcome.Translated => "translated",
        ReferenceOutcome.Meaningless => "no_meaning",
        _ => "unknown",
    };
}
