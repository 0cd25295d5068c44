using System.Text;
using System.Text.RegularExpressions;
using Mfn.Server.Configuration;

namespace Mfn.Server.Tests.Configuration;

/// <summary>
/// The table of docs/configuration.md and configs/mfn.schema.json are made from the options. With UPDATE_SETTINGS=1 in the environment they are written anew
/// instead.
/// </summary>
public sealed partial class SettingsReferenceTests
{
    private const string Update = "UPDATE_SETTINGS";

    [Fact]
    public void Page_HasTheTableOfTheOptions()
    {
        var path = Path.Combine(DocumentedSetting.Repository(), "docs", "configuration.md");
        var page = File.ReadAllText(path);
        var table = Table().Match(page).Groups["table"];
        Compare(path, page, page[..table.Index] + MakeTable() + page[(table.Index + table.Length)..]);
    }

    [Fact]
    public void Schema_IsThatOfTheOptions()
    {
        var path = Path.Combine(DocumentedSetting.Repository(), "configs", "mfn.schema.json");
        Compare(path, File.Exists(path) ? File.ReadAllText(path) : "", SettingsSchema.Make());
    }

    private static void Compare(string path, string present, string made)
    {
        if (Environment.GetEnvironmentVariable(Update) is not null)
        {
            File.WriteAllText(path, made);
            return;
        }

        var (lines, others) = (present.Split('\n'), made.Split('\n'));
        var first = lines.Zip(others).TakeWhile(pair => pair.First == pair.Second).Count();
        Assert.True(present == made, $"{path}, line {first + 1}, is not what the options say: '{others.ElementAtOrDefault(first)}'. If the options are right, run the tests with {Update}=1.");
    }

    private static string MakeTable()
    {
        var text = new StringBuilder("| setting | default | range | live | meaning |\n|---|---|---|---|---|\n");
        foreach (var setting in Settings.All)
        {
            var name = setting.Name == Settings.Urls ? "`Urls` (`--urls`)" : $"`{setting.Name}`";
            var usual = setting.HasDefaultValue && !setting.IsNumber ? $"`{setting.Default}`" : setting.Default;
            text.Append($"| {name} | {usual} | {setting.Values} | {(setting.IsLive ? "yes" : "")} | {setting.Meaning} |\n");
        }

        var level = Setting.Level("");
        var loggers = string.Join(", ", Settings.Loggers.Skip(1).SkipLast(1).Select(logger => $"`{logger}`"));
        return text.Append(
            $"| {string.Join(", ", Settings.Levels.Select(prefix => $"`{prefix}…`"))} | `{level.Default}` | {string.Join(", ", level.Words.Select(word => $"`{word}`"))} | {(level.IsLive ? "yes" : "")} | " +
            $"the log, on standard error: the least level that is logged of `{Settings.Loggers[0]}`, or of loggers whose names begin with {loggers} or `{Settings.Loggers[^1]}` and what follows |\n").ToString();
    }

    [GeneratedRegex("<!-- table settings -->\n(?<table>.*?)<!-- end of table -->", RegexOptions.Singleline)]
    private static partial Regex Table();
}
