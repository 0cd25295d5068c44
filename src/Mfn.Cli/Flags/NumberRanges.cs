using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Mfn.Cli.Flags;

/// <summary>
/// Which numbers options take on any server, declared where they are made. A server, which knows them better, tells of numbers out of its ranges; a
/// command line that gets to none because something else is wrong with it is told of them from here.
/// </summary>
internal static class NumberRanges
{
    private static readonly ConditionalWeakTable<Symbol, Declaration> Declared = [];

    /// <summary>Declares what an option or an argument takes, in words that complete "must be …".</summary>
    public static void Declare(Symbol symbol, Func<double, bool> contains, string words) => Declared.AddOrUpdate(symbol, new Declaration(contains, words));

    /// <summary>What is wrong with the numbers of a command line that are numbers.</summary>
    public static IEnumerable<string> Problems(ParseResult parsed)
    {
        for (SymbolResult? result = parsed.CommandResult; result is CommandResult command; result = command.Parent)
        {
            foreach (var symbol in command.Command.Arguments.Concat<Symbol>(command.Command.Options))
            {
                if (Declared.TryGetValue(symbol, out var range) && Tokens(parsed, symbol) is [var token]
                    && double.TryParse(token.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && !range.Contains(value))
                {
                    yield return $"{symbol.Name} must be {range.Words}, but was {token.Value}.";
                }
            }
        }
    }

    private static IReadOnlyList<Token>? Tokens(ParseResult parsed, Symbol symbol) => symbol switch
    {
        Option option => parsed.GetResult(option)?.Tokens,
        Argument argument => parsed.GetResult(argument)?.Tokens,
        _ => null,
    };

    private sealed record Declaration(Func<double, bool> Contains, string Words);
}
