using System.Text;
using System.Text.RegularExpressions;
using Mfn.Server.Tests.Configuration;
using Mfn.Server.Web;

namespace Mfn.Server.Tests.Web;

/// <summary>The table of docs/rest.md is made from the contracts. With UPDATE_REST=1 in the environment the page is written anew instead.</summary>
public sealed partial class RestReferenceTests
{
    private static readonly string PagePath = Path.Combine(DocumentedSetting.Repository(), "docs", "rest.md");

    [Fact]
    public async Task Page_HasTheMethodsThatThereAre()
    {
        var page = await File.ReadAllTextAsync(PagePath);
        Assert.Matches(Table(), page);
        var made = Table().Replace(page, $"<!-- methods -->\n{MakeTable()}<!-- end of methods -->");
        if (Environment.GetEnvironmentVariable("UPDATE_REST") == "1")
        {
            await File.WriteAllTextAsync(PagePath, made);
        }

        Assert.Equal(made, await File.ReadAllTextAsync(PagePath));
    }

    [Fact]
    public void EveryMethod_CanBeCalled() =>
        Assert.Empty(HttpRules.Files().SelectMany(file => file.Services).SelectMany(service => service.Methods).Except(HttpRules.All.Select(rule => rule.Method)));

    private static string MakeTable()
    {
        var table = new StringBuilder("| method | path | of |\n|---|---|---|\n");
        foreach (var rule in HttpRules.All.OrderBy(rule => rule.Path.Text, StringComparer.Ordinal).ThenBy(rule => rule.Verb, StringComparer.Ordinal))
        {
            table.Append($"| {rule.Verb} | `{rule.Path.Text}` | {rule.Method.Service.Name}.{rule.Method.Name} |\n");
        }

        return table.ToString();
    }

    [GeneratedRegex("<!-- methods -->.*<!-- end of methods -->", RegexOptions.Singleline)]
    private static partial Regex Table();
}
