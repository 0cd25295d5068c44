using System.CommandLine;
using Mfn.Cli.Flags;

namespace Mfn.Cli.Output;

/// <summary>The options that every command with an answer has: in which form it comes, and how much is said beside it.</summary>
internal sealed class OutputOptions
{
    private static readonly Dictionary<string, OutputFormat> Formats = new()
    {
        ["table"] = OutputFormat.Table,
        ["wide"] = OutputFormat.Wide,
        ["json"] = OutputFormat.Json,
        ["jsonl"] = OutputFormat.JsonLines,
    };

    private readonly Option<string?> _format;
    private readonly Option<bool> _json;
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Say nothing beside the answer; errors are still told." };
    private readonly Option<bool> _verbose = new("--verbose", "-v") { Description = "Tell on standard error what is called, and how long it takes." };

    /// <param name="json">What <c>--json</c> prints.</param>
    public OutputOptions(string json = "One JSON object")
    {
        _format = ChoiceOption.Create("--output", "How to print the answer. Default: table.", Formats.Keys);
        _format.Aliases.Add("-o");
        _json = new Option<bool>("--json") { Description = $"{json}: the same as -o json." };
    }

    public void AddTo(Command command)
    {
        command.Add(_format);
        command.Add(_json);
        command.Add(_quiet);
        command.Add(_verbose);
    }

    /// <summary>Where the answer of a command with these arguments goes.</summary>
    /// <exception cref="BadArgumentsException">Two forms are asked for, or to be quiet and verbose.</exception>
    public Answer Open(ParseResult arguments)
    {
        var problems = new List<string>();
        var format = arguments.GetValue(_format) is { } name ? Formats[name] : (OutputFormat?)null;
        if (arguments.GetValue(_json))
        {
            if (format is not null and not OutputFormat.Json)
            {
                problems.Add($"--json and -o {arguments.GetValue(_format)} exclude one another.");
            }

            format = OutputFormat.Json;
        }

        if (arguments.GetValue(_quiet) && arguments.GetValue(_verbose))
        {
            problems.Add("--quiet and --verbose exclude one another.");
        }

        BadArgumentsException.ThrowIfAny(problems);
        return new Answer(
            arguments.InvocationConfiguration.Output,
            arguments.InvocationConfiguration.Error,
            format ?? OutputFormat.Table,
            arguments.GetValue(_quiet),
            arguments.GetValue(_verbose));
    }
}
