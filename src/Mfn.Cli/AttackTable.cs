using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Mfn.Cli.Output;
using Mfn.Core.Aggregation.Attacks;

namespace Mfn.Cli;

/// <summary>How far every attack moved every rule: a row per rule, a column per attack, in the order of the measurements.</summary>
internal sealed class AttackTable(int honestCount, int byzantineCount, int length, ImmutableArray<Displacement> displacements)
{
    private const int NarrowestColumn = 8;
    private const int LongestHeadingLine = 12;

    public IReadOnlyList<string> Rules { get; } = [.. displacements.Select(each => each.Rule).Distinct()];

    public IReadOnlyList<string> Attacks { get; } = [.. displacements.Select(each => each.Attack).Distinct()];

    public string Caption { get; } = string.Create(
        CultureInfo.InvariantCulture, $"{honestCount} honest and {byzantineCount} Byzantine updates of {length} components");

    public Displacement this[int rule, int attack] => displacements[(rule * Attacks.Count) + attack];

    /// <summary>A cell in words: two decimals, or an exponent when that is too long; "n/a" if the rule refused.</summary>
    public static string Format(Displacement displacement) => displacement.RelativeDistance switch
    {
        null => "n/a",
        >= 1000 => displacement.RelativeDistance.Value.ToString("0.0e+0", CultureInfo.InvariantCulture),
        _ => displacement.RelativeDistance.Value.ToString("0.00", CultureInfo.InvariantCulture),
    };

    public JsonRecord ToJson() => new JsonRecord()
        .Add("honest", honestCount)
        .Add("byzantine", byzantineCount)
        .Add("components", length)
        .Add("displacements", displacements.Select(each =>
        {
            var record = new JsonRecord().Add("rule", each.Rule).Add("attack", each.Attack);
            return each.Refusal is { } refusal
                ? record.AddUndefined("distance", refusal).AddUndefined("relative_distance", refusal)
                : record.Add("distance", each.Distance).Add("relative_distance", each.RelativeDistance);
        }));

    public string ToText()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{Caption}. Distance from the honest mean, in units of the honest updates' spread:").AppendLine();

        string[][] headings = [.. Attacks.Select(CutAtHyphens)];
        int[] widths = [.. headings.Select(heading => Math.Max(NarrowestColumn, heading.Max(part => part.Length)))];
        var ruleWidth = Rules.Max(rule => rule.Length);
        var headingHeight = headings.Max(heading => heading.Length);
        for (var line = 0; line < headingHeight; line++)
        {
            Line("", headings.Select(heading => heading.ElementAtOrDefault(line - headingHeight + heading.Length) ?? ""));
        }

        for (var rule = 0; rule < Rules.Count; rule++)
        {
            Line(Rules[rule], Attacks.Select((_, attack) => Format(this[rule, attack])));
        }

        foreach (var refusal in displacements.Select(each => each.Refusal).OfType<string>().Distinct())
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"n/a: {refusal}");
        }

        return text.ToString().TrimEnd();

        void Line(string name, IEnumerable<string> cells) => text.AppendLine(
            string.Concat([name.PadRight(ruleWidth), .. cells.Select((cell, i) => $"  {cell.PadLeft(widths[i])}")]).TrimEnd());
    }

    private static string[] CutAtHyphens(string name)
    {
        var lines = new List<string> { "" };
        foreach (var part in name.Replace("-", "- ", StringComparison.Ordinal).Split(' '))
        {
            if (lines[^1].Length + part.Length > LongestHeadingLine)
            {
                lines.Add("");
            }

            lines[^1] += part;
        }

        return [.. lines];
    }
}
