using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Mfn.OpenApi;

/// <summary>
/// What a field's values may be, as its comment in the contracts says: "Range: 4 to 1024. Default: 64. Length: at most 64 characters. Count: 1 to 16. Allowed: 4, 8. Required."
/// What follows a range within its sentence narrows it, and stays words.
/// </summary>
internal sealed partial record FieldLimits
{
    /// <summary>The least value, as JSON has it; null if there is none.</summary>
    public string? Minimum { get; private init; }

    /// <summary>The greatest value, as JSON has it; null if there is none.</summary>
    public string? Maximum { get; private init; }

    /// <summary>Whether values stay above the minimum.</summary>
    public bool ExcludesMinimum { get; private init; }

    /// <summary>Whether values stay below the maximum.</summary>
    public bool ExcludesMaximum { get; private init; }

    /// <summary>The fewest characters or bytes.</summary>
    public int? MinLength { get; private init; }

    /// <summary>The most characters or bytes.</summary>
    public int? MaxLength { get; private init; }

    /// <summary>The fewest elements.</summary>
    public int? MinCount { get; private init; }

    /// <summary>The most elements.</summary>
    public int? MaxCount { get; private init; }

    /// <summary>All values that there are; empty if the others say.</summary>
    public IReadOnlyList<string> Allowed { get; private init; } = [];

    /// <summary>The word that stands for the default; null if it is none.</summary>
    public string? Default { get; private init; }

    /// <summary>Whether it must be set.</summary>
    public bool IsRequired { get; private init; }

    /// <summary>Reads a comment.</summary>
    public static FieldLimits Read(string comment)
    {
        var limits = new FieldLimits { IsRequired = RequiredSentence().IsMatch(comment) };
        limits = ReadRange(limits, Sentence(comment, "Range"));
        limits = ReadLength(limits, Sentence(comment, "Length"));
        var (fewest, most) = Counts(Sentence(comment, "Count"));
        return limits with
        {
            MinCount = fewest,
            MaxCount = most,
            Allowed = Sentence(comment, "Allowed").Split(", ", StringSplitOptions.RemoveEmptyEntries),
            Default = DefaultWord().Match(Sentence(comment, "Default")) is { Success: true } word ? word.Groups[1].Value : null,
        };
    }

    private static string Sentence(string comment, string keyword) =>
        Regex.Match(comment, $@"(?:^|[ .]){keyword}: (.*?)\.(?:\s|$)") is { Success: true } match ? match.Groups[1].Value : "";

    private static FieldLimits ReadRange(FieldLimits limits, string range)
    {
        if (Between().Match(range) is { Success: true } between)
        {
            var most = between.Groups["most"];
            return limits with
            {
                Minimum = Number(between.Groups["least"].Value),
                Maximum = most.Success ? Number(most.Value) : null,
                ExcludesMaximum = between.Groups["below"].Success,
            };
        }

        if (AtLeast().Match(range) is { Success: true } atLeast)
        {
            var most = atLeast.Groups["most"];
            return limits with
            {
                Minimum = Number(atLeast.Groups["least"].Value),
                ExcludesMinimum = atLeast.Groups["above"].Success,
                Maximum = most.Success ? Number(most.Value) : null,
                ExcludesMaximum = atLeast.Groups["below"].Success,
            };
        }

        return limits;
    }

    private static FieldLimits ReadLength(FieldLimits limits, string length)
    {
        var exact = ExactLength().Match(length);
        if (exact.Success)
        {
            return limits with { MaxLength = int.Parse(exact.Groups[1].Value, CultureInfo.InvariantCulture) };
        }

        var (fewest, most) = Counts(length);
        return limits with { MinLength = fewest, MaxLength = most };
    }

    private static (int? Fewest, int? Most) Counts(string text)
    {
        var match = CountOf().Match(text);
        return match.Success
            ? (match.Groups["least"].Success ? int.Parse(match.Groups["least"].Value, CultureInfo.InvariantCulture) : null, int.Parse(match.Groups["most"].Value, CultureInfo.InvariantCulture))
            : (null, null);
    }

    private static string Number(string text) =>
        Power().Match(text) is { Success: true } power
            ? (BigInteger.Pow(2, int.Parse(power.Groups[1].Value, CultureInfo.InvariantCulture)) - int.Parse(power.Groups[2].Value, CultureInfo.InvariantCulture)).ToString(CultureInfo.InvariantCulture)
            : text;

    [GeneratedRegex(@"(?:^|[ .])Required\.")]
    private static partial Regex RequiredSentence();

    [GeneratedRegex(@"^(?<least>-?[0-9][0-9.e+-]*) to (?:(?<below>below )?(?<most>2\^[0-9]+-[0-9]+|-?[0-9][0-9.e+-]*)|[a-z])")]
    private static partial Regex Between();

    [GeneratedRegex(@"^(?:from|at least|(?<above>above)) (?<least>-?[0-9][0-9.e+-]*)(?:,? (?:and )?(?:at most|(?<below>below)) (?<most>-?[0-9][0-9.e+-]*))?")]
    private static partial Regex AtLeast();

    [GeneratedRegex(@"^(\d+) bytes$")]
    private static partial Regex ExactLength();

    [GeneratedRegex(@"^(?:(?<least>\d+) to|at most) (?<most>\d+)\b")]
    private static partial Regex CountOf();

    [GeneratedRegex(@"^(-?[0-9][0-9.e+-]*|true|false|""[^""]*""|[A-Z][A-Z0-9_]+)(?:,.*| \(.*)?$")]
    private static partial Regex DefaultWord();

    [GeneratedRegex(@"^2\^(\d+)-(\d+)$")]
    private static partial Regex Power();
}
