using System.CommandLine;
using System.CommandLine.Parsing;

namespace Mfn.Cli.Flags;

/// <summary>Options that take one of some words, and say which when they get another.</summary>
internal static class ChoiceOption
{
    // Of "f16" and "4.7" every choice is near, and none is meant.
    private const int LeastLetters = 3;

    public static Option<string?> Create(string name, string description, IReadOnlyCollection<string> choices, bool isRequired = false) =>
        Complete(new Option<string?>(name) { CustomParser = result => Read(name, choices, result).FirstOrDefault() }, description, choices, isRequired);

    /// <summary>An option that may be repeated.</summary>
    public static Option<string[]> CreateMany(string name, string description, IReadOnlyCollection<string> choices) =>
        Complete(new Option<string[]>(name) { CustomParser = result => Read(name, choices, result) }, description, choices, isRequired: false);

    private static Option<T> Complete<T>(Option<T> option, string description, IReadOnlyCollection<string> choices, bool isRequired)
    {
        option.Description = description;
        option.HelpName = string.Join('|', choices);
        option.Required = isRequired;
        option.CompletionSources.Add([.. choices]);
        return option;
    }

    private static string[] Read(string name, IReadOnlyCollection<string> choices, ArgumentResult result)
    {
        foreach (var wrong in result.Tokens.Select(token => token.Value).Where(value => !choices.Contains(value)))
        {
            var nearest = wrong.Count(char.IsAsciiLetter) >= LeastLetters ? Suggestion.For(wrong, choices, word => $"; did you mean {word}?") : "";
            result.AddError($"{name} must be {Words.Or(choices)}, but was '{wrong}'{(nearest.Length > 0 ? nearest : ".")}");
        }

        return [.. result.Tokens.Select(token => token.Value)];
    }
}
