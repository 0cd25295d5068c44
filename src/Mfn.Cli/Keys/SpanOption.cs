using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Mfn.Cli.Keys;

/// <summary>Options that take a time such as 30d.</summary>
internal static class SpanOption
{
    private const int MostDays = 36500;

    public static Option<TimeSpan?> Create(string name, string description) => new(name)
    {
        Description = $"{description} A whole number and s, m, h or d, such as 30d.",
        HelpName = "TIME",
        CustomParser = result => Parse(result, name),
    };

    private static TimeSpan? Parse(ArgumentResult result, string name)
    {
        var text = result.Tokens[0].Value;
        var isNumber = long.TryParse(text.AsSpan(0, Math.Max(0, text.Length - 1)), NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        TimeSpan? unit = text.Length == 0 ? null : text[^1] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            _ => null,
        };
        if (!isNumber || unit is not { } one || number > TimeSpan.FromDays(MostDays) / one)
        {
            result.AddError($"{name} must be a whole number and s, m, h or d, such as 30d, and at most {MostDays}d, but was '{text}'.");
            return null;
        }

        return number * one;
    }
}
