using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using Mfn.Cli.Flags;
using Mfn.Core.Specs;

namespace Mfn.Cli;

/// <summary>Options and arguments that take a number and say so when they get something else.</summary>
internal static class NumberOption
{
    public static Option<T?> Create<T>(string name, string helpName, string description, bool isRequired = false)
        where T : struct, INumber<T>, IMinMaxValue<T> => new(name)
        {
            Description = description,
            HelpName = helpName,
            Required = isRequired,
            CustomParser = result => Parse<T>(result, name),
        };

    /// <summary>An argument of that kind; what is not given is null.</summary>
    public static Argument<T?> CreateArgument<T>(string name, string description, ArgumentArity arity)
        where T : struct, INumber<T>, IMinMaxValue<T> => new(name)
        {
            Description = description,
            Arity = arity,
            CustomParser = result => Parse<T>(result, name),
        };

    /// <summary>Hands the option's number on if one was given.</summary>
    public static void Apply<T>(this ParseResult arguments, Option<T?> option, Action<T> assign)
        where T : struct
    {
        if (arguments.GetValue(option) is { } number)
        {
            assign(number);
        }
    }

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
        NumberRanges.Declare(symbol, contains, words);
        return symbol;
    }

    private static T? Parse<T>(ArgumentResult result, string name)
        where T : struct, INumber<T>, IMinMaxValue<T>
    {
        if (result.Tokens.Count == 0)
        {
            return null;
        }

        var text = result.Tokens[0].Value;
        if (T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        var kind = typeof(T) == typeof(double) ? "a number" : $"a whole number of at most {T.MaxValue}";
        result.AddError($"{name} must be {kind}, but was '{text}'.");
        return null;
    }
}
