using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;
using Google.Rpc;

namespace Mfn.Cli.Flags;

/// <summary>Tells what a server says of a request in the words of the command line that made it.</summary>
internal sealed partial class FlagWords
{
    private readonly ParseResult _arguments;
    private readonly List<(string[] Path, Symbol Symbol)> _names = [];

    public FlagWords(ParseResult arguments)
    {
        _arguments = arguments;
        for (var result = arguments.CommandResult; result is not null; result = result.Parent as CommandResult)
        {
            foreach (var symbol in result.Command.Options.Concat<Symbol>(result.Command.Arguments))
            {
                _names.AddRange(WireNames.Of(symbol).Select(name => (name.Split('.'), symbol)));
            }
        }
    }

    /// <summary>A violation as a sentence about a flag.</summary>
    public string Tell(BadRequest.Types.FieldViolation violation)
    {
        var segments = violation.Field.Split('.');
        var path = segments.Select(WithoutPosition).ToArray();
        var best = (End: 0, Length: 0, Symbol: (Symbol?)null);
        foreach (var (name, symbol) in _names)
        {
            var start = path.Length - name.Length;
            for (; start >= 0 && !path.AsSpan(start, name.Length).SequenceEqual(name); start--)
            {
            }

            if (start >= 0 && (start + name.Length, name.Length).CompareTo((best.End, best.Length)) > 0)
            {
                best = (start + name.Length, name.Length, symbol);
            }
        }

        var description = Tell(violation.Description);
        if (best.Symbol is null)
        {
            return $"{violation.Field} {description}.";
        }

        var position = Position(segments[best.End - 1]);
        var rest = string.Join(' ', path[best.End..]).Replace('_', ' ');
        var subject = Label(best.Symbol, position);
        return rest.Length > 0 ? $"{subject}: {rest} {description}." : position is null ? $"{subject} {description}." : $"{subject}: {description}.";
    }

    /// <summary>A sentence with the wire names in it replaced.</summary>
    public string Tell(string text)
    {
        var told = WireWord().Replace(EnumerationWord().Replace(text, TellValue), match => Find(match.Value) is { } symbol ? symbol.Name : match.Value);

        // "step is -1, but the run is at step 3." A plain word elsewhere is just a word.
        return FirstWord().Replace(told, match => Find(match.Value) is { } symbol ? symbol.Name : match.Value);
    }

    private Symbol? Find(string field)
    {
        var path = field.Split('.');
        return _names.Where(each => path.AsSpan().EndsWith(each.Path)).OrderByDescending(each => each.Path.Length).FirstOrDefault().Symbol;
    }

    // "variant is SIMULATION_VARIANT_ENGINE" is "--variant engine".
    private string TellValue(Match match)
    {
        var value = match.Groups["value"].Value;
        foreach (var (path, symbol) in _names)
        {
            var prefix = $"{path[^1].ToUpperInvariant()}_";
            var position = value.IndexOf(prefix, StringComparison.Ordinal);
            if (symbol is Option option && (position == 0 || (position > 0 && value[position - 1] == '_')))
            {
                return $"{option.Name} {Word(option, value[(position + prefix.Length)..])}";
            }
        }

        // "the run's variant is SIMULATION_VARIANT_ENGINE" is "the run's variant is engine" where no option says it.
        var field = match.Groups["field"].Value;
        var word = field.Length > 0 ? value.IndexOf($"{field.ToUpperInvariant()}_", StringComparison.Ordinal) : -1;
        return word >= 0 ? $"{match.Groups["before"].Value}{value[(word + field.Length + 1)..].Replace('_', '-').ToLowerInvariant()}" : match.Value;
    }

    // MFN_4_1_COMPAT is mfn-4.1-compat, if the option has such a word.
    private static string Word(Option option, string value)
    {
        var word = value.Replace('_', '-').ToLowerInvariant();
        return option.HelpName?.Split('|').FirstOrDefault(choice => Letters(choice) == Letters(word)) ?? word;

        static string Letters(string text) => string.Concat(text.Where(char.IsAsciiLetterOrDigit));
    }

    // The list's member in the caller's own words, if one is meant.
    private string Label(Symbol symbol, int? position)
    {
        var tokens = symbol switch
        {
            Option option => _arguments.GetResult(option)?.Tokens,
            Argument argument => _arguments.GetResult(argument)?.Tokens,
            _ => null,
        };
        return symbol switch
        {
            // A path or an id tells more than the name of its argument.
            Argument argument when tokens is [var only] && (argument.ValueType == typeof(string) || argument.ValueType == typeof(string[])) => position is { } frame ? $"'{only.Value}', frame {frame.ToString(CultureInfo.InvariantCulture)}" : $"'{only.Value}'",
            Option when position is { } i && tokens is not null && i < tokens.Count => $"{symbol.Name} '{tokens[i].Value}'",
            _ => symbol.Name,
        };
    }

    private static string WithoutPosition(string segment) => segment.IndexOf('[', StringComparison.Ordinal) is var bracket and > 0 ? segment[..bracket] : segment;

    private static int? Position(string segment) =>
        segment.IndexOf('[', StringComparison.Ordinal) is var bracket and > 0 && int.TryParse(segment[(bracket + 1)..^1], CultureInfo.InvariantCulture, out var position)
            ? position
            : null;

    [GeneratedRegex(@"\b[a-z]+(?:_[a-z0-9]+)+(?:\.[a-z0-9_]+)*\b|\b[a-z]+\.[a-z0-9_]+\b")]
    private static partial Regex WireWord();

    [GeneratedRegex(@"^[a-z]+(?= is )")]
    private static partial Regex FirstWord();

    [GeneratedRegex(@"(?<before>\b(?<field>[a-z_]+) (?:is|to) )?\b(?<value>[A-Z]+(?:_[A-Z0-9]+)+)\b")]
    private static partial Regex EnumerationWord();
}
