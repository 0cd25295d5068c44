using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Runtime.CompilerServices;
using Mfn.Core.Specs;

namespace Mfn.Cli.Flags;

/// <summary>
/// Which numbers options take on any server, declared where they are made. A server, which knows them better, tells of numbers out of its ranges; a
/// command line that gets to none because something else is wrong with it is told of them from here.
/// </summary>
internal static class NumberRanges
{
    private static readonly ConditionalWeakTable<Symbol, Declaration> Declared = [];

    /// <summary>Declares the range.</summary>
    public static TSymbol Within<TSymbol>(this TSymbol symbol, ParameterRange range)
        where TSymbol : Symbol => Within(symbol, range.Contains, range.ToString());

    /// <summary>Declares the range of whole numbers or others.</summary>
    public static TSymbol Within<TSymbol>(this TSymbol symbol, double least, double most)
        where TSymbol : Symbol => Within(symbol, new ParameterRange(least, most));

    /// <summary>Declares a range without a largest number, or with one that depends on the server.</summary>
    public static TSymbol AtLeast<TSymbol>(this TSymbol symbol, double least)
        where TSymbol : Symbol => Within(symbol, value => value >= least, $"at least {ParameterRange.Format(least)}");

    /// <summary>Declares the range of seeds.</summary>
    public static TSymbol WithinSeeds<TSymbol>(this TSymbol symbol)
        where TSymbol : Symbol => Within(symbol, value => value >= 0, string.Create(CultureInfo.InvariantCulture, $"between 0 and {long.MaxValue}"));

    /// <summary>Declares what is no range alone, in words that complete "must be …".</summary>
    public static TSymbol Within<TSymbol>(this TSymbol symbol, Func<double, bool> contains, string words)
        where TSymbol : Symbol
    {
        Declared.AddOrUpdate(symbol, new Declaration(contains, words));
        return symbol;
    }

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
