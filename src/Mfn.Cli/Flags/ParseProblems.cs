using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Mfn.Cli.Flags;

/// <summary>What is wrong with a command line, in sentences that name the option, the argument or the command, and what may have been meant.</summary>
internal static class ParseProblems
{
    // How the parser begins its own sentences.
    private const string Unrecognized = "Unrecognized command or argument ";
    private const string Missing = "Required argument ";
    private const string MissingCommand = "Required command was not provided.";

    /// <summary>All problems; none if the command line can be used.</summary>
    public static IReadOnlyList<string> Of(ParseResult parsed)
    {
        var problems = new List<string>();
        AddUnknown(parsed, problems);
        var isUnknown = problems.Count > 0;
        foreach (var error in parsed.Errors)
        {
            if (error.Message.StartsWith(Unrecognized, StringComparison.Ordinal))
            {
                continue;
            }

            if (error.Message == MissingCommand)
            {
                if (!isUnknown)
                {
                    var command = parsed.CommandResult.Command;
                    problems.Add($"'{PathOf(parsed)}' needs a command: {Words.Or(Names(command))}.");
                }
            }
            else if (error.Message.StartsWith(Missing, StringComparison.Ordinal) && error.SymbolResult is not OptionResult)
            {
                problems.AddRange(MissingArguments(parsed).Select(argument => $"{argument.Name} is missing{(argument.Description is { } text ? $": {Lowered(text)}" : ".")}"));
            }
            else if (error.Message.StartsWith(Missing, StringComparison.Ordinal) && error.SymbolResult is OptionResult { Option: var bare })
            {
                problems.Add($"{bare.Name} needs a value: {bare.HelpName ?? "VALUE"}.");
            }
            else if (error.SymbolResult is OptionResult { Option.Arity.MaximumNumberOfValues: 1, IdentifierTokenCount: > 1 and var count } repeated)
            {
                problems.Add($"{repeated.Option.Name} can be given once, but was given {count} times.");
            }
            else if (RequiredOption(parsed, error.Message) is { } required)
            {
                problems.Add($"{required.Name} {required.HelpName} is required.");
            }
            else
            {
                problems.Add(error.Message);
            }
        }

        if (isUnknown && MissingAbove(parsed) is { } above)
        {
            // "mfn run steer pause ID" reads well, but the run comes first.
            var path = PathOf(parsed).Split(' ');
            problems.Add($"{above.Name} is missing before '{path[^1]}': {string.Join(' ', path[..^1])} {above.Name} {path[^1]}.");
        }

        if (problems.Count > 0)
        {
            problems.AddRange(NumberRanges.Problems(parsed));
        }

        return [.. problems.Distinct()];
    }

    /// <summary>The command as it is called, such as "mfn run watch".</summary>
    public static string PathOf(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (SymbolResult? result = parsed.CommandResult; result is CommandResult { Command: not RootCommand } command; result = command.Parent)
        {
            names.Push(command.Command.Name);
        }

        return string.Join(' ', names.Prepend("mfn"));
    }

    /// <summary>The names of the options that a command has, those of the commands above it included.</summary>
    public static IReadOnlyList<string> OptionNames(ParseResult parsed)
    {
        var names = new List<string>();
        for (SymbolResult? result = parsed.CommandResult; result is CommandResult command; result = command.Parent)
        {
            names.AddRange(command.Command.Options.Where(option => !option.Hidden && (option.Recursive || command == parsed.CommandResult)).Select(option => option.Name));
        }

        return names;
    }

    private static void AddUnknown(ParseResult parsed, List<string> problems)
    {
        var unmatched = new Queue<string>(parsed.UnmatchedTokens);
        var afterUnknownOption = false;
        var isLiteral = false;
        foreach (var token in parsed.Tokens)
        {
            if (token.Type == TokenType.DoubleDash)
            {
                isLiteral = true;
                continue;
            }

            var isUnmatched = unmatched.TryPeek(out var next) && next == token.Value;
            if (isUnmatched)
            {
                unmatched.Dequeue();
            }

            if (token.Type is TokenType.Argument or TokenType.Command && !isLiteral && LooksLikeOption(token.Value))
            {
                // The parser would take it for a value.
                var option = token.Value.Split('=', 2)[0];
                problems.Add($"There is no option {option}{Suggestion.For(option, OptionNames(parsed), name => $"; did you mean {name}?")}.".Replace("?.", "?", StringComparison.Ordinal));
                afterUnknownOption = true;
                continue;
            }

            // What follows an unknown option is its value.
            if (isUnmatched && !afterUnknownOption)
            {
                problems.Add(Unexpected(parsed, token.Value));
                if (parsed.CommandResult.Command.Subcommands.Count > 0)
                {
                    // What follows is for the command that is not there.
                    return;
                }
            }

            afterUnknownOption = false;
        }
    }

    private static string Unexpected(ParseResult parsed, string word)
    {
        var commands = Names(parsed.CommandResult.Command);
        return commands.Count > 0
            ? $"'{PathOf(parsed)}' has no command '{word}'; {Suggestion.For(word, commands, name => $"did you mean {name}?")}".TrimEnd(' ', ';') is var told && told.EndsWith('?')
                ? told
                : $"'{PathOf(parsed)}' has no command '{word}', but {string.Join(", ", commands)}."
            : $"'{PathOf(parsed)}' does not expect '{word}'.";
    }

    private static bool LooksLikeOption(string word) =>
        word.Length > 1 && word[0] == '-' && !double.TryParse(word.Split(',')[0], NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    private static IReadOnlyList<string> Names(Command command) => [.. command.Subcommands.Where(each => !each.Hidden).Select(each => each.Name)];

    private static IEnumerable<Argument> MissingArguments(ParseResult parsed)
    {
        for (SymbolResult? result = parsed.CommandResult; result is CommandResult command; result = command.Parent)
        {
            foreach (var argument in command.Command.Arguments)
            {
                if (argument.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(argument) is not { Tokens.Count: > 0 })
                {
                    yield return argument;
                }
            }
        }
    }

    private static Argument? MissingAbove(ParseResult parsed) => MissingArguments(parsed).FirstOrDefault(argument => !parsed.CommandResult.Command.Arguments.Contains(argument));

    private static Option? RequiredOption(ParseResult parsed, string message) =>
        parsed.CommandResult.Command.Options.FirstOrDefault(option => option.Required && message == $"Option '{option.Name}' is required.");

    private static string Lowered(string sentence) => $"{char.ToLowerInvariant(sentence[0])}{sentence[1..]}";
}
