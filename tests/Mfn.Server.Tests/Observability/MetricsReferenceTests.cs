using System.Text;
using System.Text.RegularExpressions;
using Mfn.Server.Observability;
using Mfn.Server.Tests.Configuration;

namespace Mfn.Server.Tests.Observability;

/// <summary>The table of docs/metrics.md is made from the metrics. With UPDATE_METRICS=1 in the environment it is written anew instead.</summary>
public sealed partial class MetricsReferenceTests
{
    private const string Update = "UPDATE_METRICS";

    [Fact]
    public async Task Page_HasTheTableOfTheMetrics()
    {
        await using var server = await TestServer.StartAsync();
        var path = Path.Combine(DocumentedSetting.Repository(), "docs", "metrics.md");
        var page = await File.ReadAllTextAsync(path);
        var table = Table().Match(page).Groups["table"];
        var made = page[..table.Index] + MakeTable(server.Metrics.Definitions) + page[(table.Index + table.Length)..];
        if (Environment.GetEnvironmentVariable(Update) is not null)
        {
            await File.WriteAllTextAsync(path, made);
        }

        Assert.True(page == made || Environment.GetEnvironmentVariable(Update) is not null, $"{path} has not the table of the metrics. Run the tests with {Update}=1.");
    }

    private static string MakeTable(IEnumerable<MetricDefinition> metrics)
    {
        var text = new StringBuilder("| metric | kind | meaning | labels |\n|---|---|---|---|\n");
        foreach (var metric in metrics)
        {
            var labels = string.Join("; ", metric.Labels.Select(label => $"`{label.Name}`: {label.Values}"));
            text.Append($"| `{metric.PrometheusName}` | {MetricLabel.ValueOf(metric.Kind)} | {metric.Meaning} | {labels} |\n");
        }

        return text.ToString();
    }

    [GeneratedRegex("<!-- table metrics -->\n(?<table>.*?)<!-- end of table -->", RegexOptions.Singleline)]
    private static partial Regex Table();
}
