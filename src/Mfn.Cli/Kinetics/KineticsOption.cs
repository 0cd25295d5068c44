using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;
using System.Globalization;
using Mfn.Cli.Flags;
using Mfn.Core.Kinetics;
using Mfn.Core.Specs;

namespace Mfn.Cli.Kinetics;

/// <summary><c>--kinetics NAME[:p=v,…]</c>: a kinetic model, and those of its parameters that are not as in its standard set.</summary>
internal static class KineticsOption
{
    private const string Name = "--kinetics";

    /// <summary>The option. Every problem of its value is told at once.</summary>
    public static Option<KineticsChoice?> Create()
    {
        var option = new Option<KineticsChoice?>(Name)
        {
            Description = $"Kinetic model that forms patterns, and its parameters: {string.Join(", ", KineticsModel.All.Select(model => model.Name))}. Default: none, the reference.",
            HelpName = "NAME[:P=X,...]",
            CustomParser = Read,
        }.Fills([.. KineticsModel.All.Select(KineticsWire.FieldName)]);
        option.CompletionSources.Add(Complete);
        return option;
    }

    private static KineticsChoice? Read(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? text : text[..colon];
        if (KineticsModel.Find(name) is not { } model)
        {
            string[] names = [.. KineticsModel.All.Select(each => each.Name)];
            var nearest = Suggestion.For(name, names, word => $"; did you mean {word}?");
            result.AddError($"{Name} must be {Words.Or(names)}, but was '{name}'{(nearest.Length > 0 ? nearest : ".")}");
            return null;
        }

        var values = new Dictionary<KineticsParameter, double>();
        var problemCount = 0;
        foreach (var part in colon < 0 ? [] : text[(colon + 1)..].Split(','))
        {
            problemCount += Problem(model, part, values) is { } problem ? Add(problem) : 0;
        }

        return problemCount == 0 ? new KineticsChoice(model, values) : null;

        int Add(string problem)
        {
            result.AddError($"{Name} {model.Name}: {problem}");
            return 1;
        }
    }

    // Takes a parameter in, or says what is wrong with it.
    private static string? Problem(KineticsModel model, string part, Dictionary<KineticsParameter, double> values)
    {
        var equals = part.IndexOf('=', StringComparison.Ordinal);
        if (equals < 1)
        {
            return $"a parameter must be NAME=NUMBER, but was '{part}'.";
        }

        var (symbol, number) = (part[..equals], part[(equals + 1)..]);
        if (model.Parameters.FirstOrDefault(each => each.Symbol == symbol || each.Name == symbol) is not { } parameter)
        {
            return $"there is no parameter '{symbol}', but {string.Join(", ", model.Parameters.Select(each => each.Symbol))}.";
        }

        if (!double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value))
        {
            return $"{symbol} must be a number, but was '{number}'.";
        }

        if (!parameter.Range.Contains(value))
        {
            return $"{symbol} must be {Tell(parameter.Range)}, but was {number}.";
        }

        return values.TryAdd(parameter, value) ? null : $"{symbol} can be given once.";
    }

    private static string Tell(ParameterRange range) => range is { Maximum: double.MaxValue, Minimum: not (double.MinValue or double.Epsilon) }
        ? $"at least {ParameterRange.Format(range.Minimum)}"
        : range.ToString();

    // The models, and behind a model's colon its parameters that are not there yet.
    private static IEnumerable<CompletionItem> Complete(CompletionContext context)
    {
        foreach (var model in KineticsModel.All)
        {
            yield return new CompletionItem(model.Name, detail: string.Join("; ", model.Equations));
            foreach (var parameter in model.Parameters)
            {
                yield return new CompletionItem($"{model.Name}:{parameter.Symbol}=", detail: parameter.Meaning);
            }
        }
    }
}
