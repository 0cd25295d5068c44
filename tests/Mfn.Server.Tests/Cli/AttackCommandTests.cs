using System.Text.Json;
using System.Xml.Linq;
using Mfn.Cli;
using Mfn.Client.Npy;
using Mfn.Core.Aggregation.Attacks;

namespace Mfn.Server.Tests.Cli;

public sealed class AttackCommandTests : IDisposable
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-cli-");

    [Fact]
    public async Task Attack_Json_ShowsThatRulesWithstandWhatMovesTheMean()
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync("attack", "--components", "100", "--json");

        Assert.Equal((0, ""), (exitCode, error));
        using var json = JsonDocument.Parse(output);
        var cells = json.RootElement.GetProperty("displacements").EnumerateArray()
            .Select(each => (Rule: each.GetProperty("rule").GetString()!, Attack: each.GetProperty("attack").GetString()!, Distance: each.GetProperty("relative_distance").GetDouble()))
            .ToArray();
        Assert.Equal(13 * 9, cells.Length);
        Assert.True(cells.Single(cell => cell is { Rule: "mean", Attack: "large-norm" }).Distance > 1e4);
        Assert.All(cells.Where(cell => cell.Rule != "mean"), cell => Assert.InRange(cell.Distance, 0, 2));
    }

    [Fact]
    public async Task Attack_SameSeed_PrintsTheSame()
    {
        string[] arguments = ["attack", "--components", "20", "--seed", "9", "--json"];

        Assert.Equal((await MfnProcess.RunAsync(arguments)).Output, (await MfnProcess.RunAsync(arguments)).Output);
    }

    [Fact]
    public async Task Attack_FileAndPlot_WritesATableAndValidXml()
    {
        var honest = Path.Combine(_folder.FullName, "honest.npy");
        var plot = Path.Combine(_folder.FullName, "attacks.svg");
        NpyFile.Write(honest, [.. Enumerable.Range(0, 12).Select(i => Math.Sin(i))], 6, 2);

        var (exitCode, output, error) = await MfnProcess.RunAsync("attack", honest, "--byzantine", "2", "--svg", plot);

        Assert.Equal((0, $"wrote {plot}\n"), (exitCode, error));
        Assert.StartsWith("6 honest and 2 Byzantine updates of 2 components.", output, StringComparison.Ordinal);
        Assert.Contains("n/a: bulyan needs n >= 4f + 3, but n = 8 and f = 2; the largest legal f is 1.", output, StringComparison.Ordinal);
        var texts = XDocument.Load(plot).Root!.Elements(Svg + "text").Select(text => text.Value).ToArray();
        Assert.Contains("geometric-median", texts);
        Assert.Contains("inner-product-manipulation", texts);
        Assert.Contains("n/a", texts);
    }

    [Fact]
    public void Plot_NamesWithMarkup_AreEscaped()
    {
        var table = new AttackTable(3, 1, 2, [new Displacement("<rule> & \"co\"", "a<b", 1, 1, null), new Displacement("<rule> & \"co\"", "c", null, null, "no <way>")]);

        var text = AttackPlot.Of(table).ToString();

        Assert.Contains(XDocument.Parse(text).Root!.Elements(Svg + "text"), each => each.Value == "<rule> & \"co\"");
        Assert.DoesNotContain("<rule>", text, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
