using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace Mfn.Cli;

/// <summary>Options that take a number and say so when they get something else.</summary>
internal static class NumberOption
{
    public static Option<T?> Create<T>(string name, string helpName, string description, bool isRequired = false)
        where T : struct, INumber<T>, IMinMaxValue<T> => new(name)
        {
            Description = description,
            HelpName = helpName,
            Required = isRequired,
            CustomParser = result =>
            {
                var text = result.Tokens[0].Value;
                if (T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
                {
                    return number;
                }

                var kind = typeof(T) == typeof(double) ? "a number" : $"a whole number of at most {T.MaxValue}";
                result.AddError($"{name} must be {kind}, but was '{text}'.");
                return null;
            },
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
}
