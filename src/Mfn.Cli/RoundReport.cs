using System.Globalization;
using System.Text.Json;
using Mfn.Client;
using Mfn.Contracts.V1;

namespace Mfn.Cli;

/// <summary>What came out of a round, by the numbers of the file's rows.</summary>
internal sealed class RoundReport(RoundResult result, int rowCount)
{
    private const int RowsPerLine = 20;
    private const int MostShown = 10;

    private readonly AggregationDecision _decision = result.Decision;

    /// <summary>One JSON object in a line, which may be long.</summary>
    public void WriteJson(Stream output)
    {
        // A score for every row: none for one that the rule did not get, its bucket's for one in a bucket.
        var scores = new double?[_decision.Scores.Count == 0 ? 0 : rowCount];
        foreach (var score in _decision.Scores)
        {
            foreach (var row in GradientFile.Rows(score.ClientId))
            {
                scores[row] = score.Score;
            }
        }

        var values = new Dictionary<string, object?>
        {
            ["rule"] = _decision.Rule,
            ["variant"] = _decision.Variant.Length == 0 ? null : _decision.Variant,
            ["n"] = _decision.UpdateCount,
            ["f"] = _decision.ByzantineCount,
            ["received"] = _decision.ReceivedCount,
            ["selected"] = Selected(),
            ["excluded"] = Excluded().Select(each => new { row = each.Row, reason = each.Reason, description = each.Description }),
            ["scores"] = scores,
            ["iterations"] = _decision.IterationCount,
            ["converged"] = _decision.IsConverged,
        };
        JsonSerializer.Serialize(output, values);
        output.Write("\n"u8);
    }

    /// <summary>The same for people: of long lists the beginning.</summary>
    public void WriteText(Stream output, string? path)
    {
        using var text = new StreamWriter(output, leaveOpen: true);
        var name = _decision.Variant.Length == 0 ? _decision.Rule : $"{_decision.Rule} ({_decision.Variant})";
        var refusedCount = _decision.ReceivedCount - _decision.UpdateCount;
        text.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: n = {_decision.UpdateCount}, f = {_decision.ByzantineCount}{(refusedCount == 0 ? "" : $"; {refusedCount} of {_decision.ReceivedCount} updates refused")}"));
        Section("selected", Selected().Chunk(RowsPerLine).Select(rows => string.Join(' ', rows)));
        Section("excluded", Excluded().Select(each => $"{each.Row} {each.Description} ({each.Reason})"));
        if (_decision.IterationCount > 0)
        {
            Section("steps", [$"{_decision.IterationCount}{(_decision.IsConverged ? "" : ", not converged")}"]);
        }

        var components = string.Join(' ', result.Vector[..Math.Min(MostShown, result.Vector.Length)].ToArray().Select(each => each.ToString("G6", CultureInfo.InvariantCulture)));
        var more = result.Vector.Length > MostShown ? $" … ({result.Vector.Length} components)" : "";
        Section("aggregate", [path is null ? $"{components}{more}" : $"{components}{more}, written to {path}"]);

        void Section(string title, IEnumerable<string> content)
        {
            foreach (var (i, line) in content.Take(MostShown).Index())
            {
                text.WriteLine($"{(i == 0 ? title : ""),-10} {line}");
            }

            if (content.Skip(MostShown).Count() is var restCount and > 0)
            {
                text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"",-10} … {restCount} more lines; --json has all"));
            }
        }
    }

    private IEnumerable<int> Selected() => _decision.Selected.SelectMany(GradientFile.Rows);

    private IEnumerable<(int Row, string Reason, string Description)> Excluded() =>
        from exclusion in _decision.Excluded
        from row in GradientFile.Rows(exclusion.ClientId)
        select (row, WireName.Of(exclusion.Reason), exclusion.Description);
}
