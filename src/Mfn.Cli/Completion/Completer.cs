using System.CommandLine;
using System.CommandLine.Completions;
using System.Text.RegularExpressions;

namespace Mfn.Cli.Completion;

/// <summary>Says what can stand where the cursor is on a command line that is being typed.</summary>
internal sealed partial class Completer(RootCommand root)
{
    private Command _command = root;
    private int _operandCount;
    private bool _onlyOperands;
    private Option? _pending;

    /// <summary>What can stand for the last of the words, which may be empty, after those before it. The executable's name is not among them.</summary>
    public static CompletionAnswer Complete(RootCommand root, IReadOnlyList<string> words) => new Completer(root).Complete(words);

    private CompletionAnswer Complete(IReadOnlyList<string> words)
    {
        var before = words.Take(words.Count - 1).ToArray();
        var current = words.Count > 0 ? words[^1] : "";
        foreach (var word in before)
        {
            Pass(word);
        }

        if (_pending is { } pending)
        {
            return Values(pending, before, "", current);
        }

        if (!_onlyOperands && current.StartsWith('-'))
        {
            var equals = current.IndexOf('=', StringComparison.Ordinal);
            return equals < 0
                ? new CompletionAnswer(PathKind.None, Options(before, current))
                : Find(current[..equals]) is { } option && TakesValue(option)
                    ? Values(option, before, current[..(equals + 1)], current[(equals + 1)..])
                    : CompletionAnswer.Nothing;
        }

        return Operands(before, current);
    }

    /// <summary>Takes note of a word before the one to complete.</summary>
    private void Pass(string word)
    {
        if (_pending is not null)
        {
            _pending = null;
        }
        else if (_onlyOperands)
        {
            _operandCount++;
        }
        else if (word == "--")
        {
            _onlyOperands = true;
        }
        else if (word.Length > 1 && word[0] == '-')
        {
            _pending = Find(word) is { } option && TakesValue(option) ? option : null;
        }
        else if (_command.Subcommands.FirstOrDefault(command => command.Name == word || command.Aliases.Contains(word)) is { } subcommand)
        {
            _command = subcommand;
            _operandCount = 0;
        }
        else
        {
            _operandCount++;
        }
    }

    private CompletionAnswer Operands(string[] before, string current)
    {
        // A command below may come after operands, as in mfn run steer ID pause, but not before they do, nor after what is no command.
        var candidates = _onlyOperands || _operandCount < _command.Arguments.Sum(argument => argument.Arity.MinimumNumberOfValues) || (_operandCount > 0 && _command.Arguments.Count == 0)
            ? []
            : _command.Subcommands.Where(command => !command.Hidden).Select(command => new Candidate(command.Name, FirstSentence(command.Description))).ToList();
        var kind = PathKind.None;
        if (Operand() is { } argument)
        {
            kind = Kind(argument.HelpName ?? argument.Name, argument.Description);
            candidates.AddRange(Suggested(argument.GetCompletions, before));
        }

        if (candidates.Count == 0 && kind == PathKind.None && !_onlyOperands)
        {
            // Nothing else can come: an option, then.
            return new CompletionAnswer(PathKind.None, current.Length == 0 ? Options(before, "--") : []);
        }

        return new CompletionAnswer(kind, [.. candidates.Where(candidate => candidate.Value.StartsWith(current, StringComparison.Ordinal))]);
    }

    /// <summary>The argument that the next operand belongs to.</summary>
    private Argument? Operand()
    {
        var count = _operandCount;
        foreach (var argument in _command.Arguments.Where(argument => !argument.Hidden))
        {
            if (count < argument.Arity.MaximumNumberOfValues)
            {
                return argument;
            }

            count -= argument.Arity.MaximumNumberOfValues;
        }

        return null;
    }

    private Candidate[] Options(string[] before, string current) =>
    [
        .. InScope()
            .Where(option => !option.Hidden && (option.Arity.MaximumNumberOfValues > 1 || !IsGiven(option, before)))
            .SelectMany(option => option.Aliases.Where(alias => current.Length > 1 && alias == current).Prepend(option.Name).Select(name => new Candidate(name, FirstSentence(option.Description))))
            .Where(candidate => candidate.Value.StartsWith(current, StringComparison.Ordinal) && candidate.Value.StartsWith('-'))
            .OrderBy(candidate => candidate.Value, StringComparer.Ordinal),
    ];

    private CompletionAnswer Values(Option option, string[] before, string prefix, string current) => new(
        Kind(option.HelpName ?? option.Name, option.Description),
        [
            .. Continued([.. Suggested(option.GetCompletions, before)], current)
                .Where(candidate => candidate.Value.StartsWith(current, StringComparison.Ordinal))
                .Select(candidate => candidate with { Value = prefix + candidate.Value }),
        ]);

    // Of NAME:P=X,... a name comes first, its parameters behind the colon, and behind a comma those that are not there yet.
    private static IEnumerable<Candidate> Continued(IReadOnlyList<Candidate> candidates, string current)
    {
        var colon = current.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
        {
            return candidates.Where(candidate => candidate.Value.IndexOf(':', StringComparison.Ordinal) is var at && (at < 0 || candidates.All(other => other.Value != candidate.Value[..at])));
        }

        var (name, comma) = (current[..(colon + 1)], current.LastIndexOf(','));
        if (comma < colon)
        {
            return candidates;
        }

        var given = current[(colon + 1)..comma].Split(',');
        return candidates
            .Where(candidate => candidate.Value.StartsWith(name, StringComparison.Ordinal) && !given.Any(part => part.StartsWith(candidate.Value[name.Length..], StringComparison.Ordinal)))
            .Select(candidate => candidate with { Value = current[..(comma + 1)] + candidate.Value[name.Length..] });
    }

    /// <summary>What a symbol's own sources suggest. They know the words before, among which the server may be named.</summary>
    private IEnumerable<Candidate> Suggested(Func<CompletionContext, IEnumerable<CompletionItem>> source, string[] before) =>
        source(root.Parse(before, new ParserConfiguration { ResponseFileTokenReplacer = null }).GetCompletionContext()).Select(item => new Candidate(item.Label, item.Detail ?? ""));

    private IEnumerable<Option> InScope()
    {
        var options = _command.Options.AsEnumerable();
        for (var parent = _command.Parents.OfType<Command>().FirstOrDefault(); parent is not null; parent = parent.Parents.OfType<Command>().FirstOrDefault())
        {
            options = options.Concat(parent.Options.Where(option => option.Recursive));
        }

        return options;
    }

    private Option? Find(string name) => InScope().FirstOrDefault(option => option.Name == name || option.Aliases.Contains(name));

    private static bool TakesValue(Option option) => option.Arity.MinimumNumberOfValues > 0;

    private static bool IsGiven(Option option, string[] before) =>
        before.Any(word => option.Aliases.Prepend(option.Name).Any(name => word == name || word.StartsWith($"{name}=", StringComparison.Ordinal)));

    /// <summary>Help calls what names a file FILE or, by what is in it, such as FIELD.npy; or it describes it as files. What names a folder is FOLDER.</summary>
    private static PathKind Kind(string helpName, string? description) =>
        helpName.Contains("FOLDER", StringComparison.Ordinal) ? PathKind.Folder
        : FileName().IsMatch(helpName) || (description?.StartsWith("Files ", StringComparison.Ordinal) ?? false) ? PathKind.File
        : PathKind.None;

    [GeneratedRegex(@"FILE|^[A-Z]+\.[a-z]+$")]
    private static partial Regex FileName();

    private static string FirstSentence(string? description)
    {
        var line = (description ?? "").ReplaceLineEndings(" ");
        var end = line.IndexOf(". ", StringComparison.Ordinal);
        return (end < 0 ? line : line[..end]).TrimEnd('.');
    }
}
