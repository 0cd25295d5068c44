using System.Globalization;
using Mfn.Cli.Output;
using Mfn.Client;
using Mfn.Contracts.V1;

namespace Mfn.Cli;

/// <summary>What came out of a round, by the numbers of the file's rows.</summary>
internal sealed class RoundReport(RoundResult result, int rowCount)
{
    private const int RowsPerLine = 20;
    private const int MostShown = 10;

    private readonly AggregationDecision _decision = result.Decision;

    /// <summary>Writes the round: for programs all of it, the aggregate included, for people of long lists the beginning.</summary>
    public void Write(Answer answer) => answer.Write(ToJson(), WriteText);

    private JsonRecord ToJson()
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

        return new JsonRecord()
            .Add("rule", _decision.Rule)
            .Add("variant", _decision.Variant.Length == 0 ? null : _decision.Variant)
            .Add("n", _decision.UpdateCount)
            .Add("f", _decision.ByzantineCount)
            .Add("received", _decision.ReceivedCount)
            .Add("selected", Selected().Select(row => (long)row))
            .Add("excluded", Excluded().Select(each => new JsonRecord().Add("row", each.Row).Add("reason", each.Reason).Add("description", each.Description)))
            .Add("scores", scores)
            .Add("iterations", _decision.IterationCount)
            .Add("converged", _decision.IsConverged)
            .Add("components", result.Vector.Length)
            .Add("aggregate", result.Vector);
    }

    private void WriteText(TextWriter text)
    {
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
        Section("aggregate", [$"{components}{more}"]);

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
        select (row, WireName.InAnswer(exclusion.Reason), exclusion.Description);
}
