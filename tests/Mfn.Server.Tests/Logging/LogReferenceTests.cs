using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Mfn.Server.Logging;
using Mfn.Server.Tests.Configuration;
using Microsoft.Extensions.Logging;

namespace Mfn.Server.Tests.Logging;

/// <summary>
/// The tables of docs/logging.md are made from the messages of the server; what is no longer logged stays on the page, so that its id is never given to something else.
/// With UPDATE_LOGGING=1 in the environment the page is written anew instead.
/// </summary>
public sealed partial class LogReferenceTests
{
    private const string Update = "UPDATE_LOGGING";

    private static readonly string PagePath = Path.Combine(DocumentedSetting.Repository(), "docs", "logging.md");

    private static readonly IReadOnlyList<(MethodInfo Method, LoggerMessageAttribute Message)> Messages =
    [
        .. from type in typeof(MfnServer).Assembly.GetTypes()
           from method in type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
           let message = method.GetCustomAttribute<LoggerMessageAttribute>()
           where message is not null
           orderby message.EventId
           select (method, message),
    ];

    [Fact]
    public void Messages_HaveIdsAndNamesOfTheirOwn()
    {
        Assert.True(Messages.Count > 60, $"{Messages.Count} messages were found.");
        Assert.All(Messages, each => Assert.True(each.Message is { EventId: >= 1000 and < 10000, EventName.Length: > 0 }, $"{Where(each.Method)} must have an id of four digits and a name."));
        Assert.All(Messages, each => Assert.Matches("^[A-Z][A-Za-z]+$", each.Message.EventName));
        Assert.All(Messages, each => Assert.False(string.IsNullOrEmpty(MeaningOf(each.Method)), $"{Where(each.Method)} must have a [LogMeaning]."));
        Assert.Empty(Twice(each => each.Message.EventId.ToString(CultureInfo.InvariantCulture)));
        Assert.Empty(Twice(each => each.Message.EventName!));
    }

    [Fact]
    public async Task Messages_HaveTheIdsThatTheyHadBefore()
    {
        var page = await File.ReadAllTextAsync(PagePath);
        var retired = Known(Table("retired").Match(page).Value);
        foreach (var (id, name) in Known(Table("messages").Match(page).Value).Concat(retired))
        {
            Assert.All(Messages.Where(each => each.Message.EventId == id || each.Message.EventName == name), each =>
                Assert.True(each.Message.EventId == id && each.Message.EventName == name, $"{Where(each.Method)}: {id} was {name}, and must not be anything else."));
        }

        Assert.DoesNotContain(Messages, each => retired.Any(old => old.Id == each.Message.EventId));
    }

    [Fact]
    public async Task Page_HasTheTablesOfTheMessages()
    {
        var page = await File.ReadAllTextAsync(PagePath);
        var made = Replace(Replace(page, "messages", MakeTable()), "retired", MakeRetired(page));
        if (Environment.GetEnvironmentVariable(Update) is not null)
        {
            await File.WriteAllTextAsync(PagePath, made);
        }

        Assert.True(page == made || Environment.GetEnvironmentVariable(Update) is not null, $"{PagePath} has not the tables of the messages. Run the tests with {Update}=1.");
    }

    private static string MakeTable()
    {
        var text = new StringBuilder("| id | event | level | message | when, and what to do |\n|---|---|---|---|---|\n");
        foreach (var (method, message) in Messages)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {message.EventId} | `{message.EventName}` | {message.Level} | {message.Message} | {MeaningOf(method)} |\n");
        }

        return text.ToString();
    }

    private static string MakeRetired(string page)
    {
        var text = new StringBuilder("| id | event |\n|---|---|\n");
        var gone = Known(Table("messages").Match(page).Value).Where(old => Messages.All(each => each.Message.EventId != old.Id));
        foreach (var (id, name) in Known(Table("retired").Match(page).Value).Concat(gone).OrderBy(old => old.Id))
        {
            text.Append(CultureInfo.InvariantCulture, $"| {id} | `{name}` |\n");
        }

        return text.ToString();
    }

    private static string Replace(string page, string name, string table)
    {
        var old = Table(name).Match(page).Groups["table"];
        return page[..old.Index] + table + page[(old.Index + old.Length)..];
    }

    private static IReadOnlyList<(int Id, string Name)> Known(string table) =>
        [.. Row().Matches(table).Select(row => (int.Parse(row.Groups["id"].Value, CultureInfo.InvariantCulture), row.Groups["name"].Value))];

    private static IEnumerable<string> Twice(Func<(MethodInfo Method, LoggerMessageAttribute Message), string> key) =>
        Messages.GroupBy(key).Where(group => group.Count() > 1).Select(group => $"{group.Key}: {string.Join(", ", group.Select(each => Where(each.Method)))}");

    private static string? MeaningOf(MethodInfo method) => method.GetCustomAttribute<LogMeaningAttribute>()?.Meaning;

    private static string Where(MethodInfo method) => $"{method.DeclaringType!.FullName}.{method.Name}";

    private static Regex Table(string name) => new($"<!-- table {name} -->\n(?<table>.*?)<!-- end of table -->", RegexOptions.Singleline);

    [GeneratedRegex(@"^\| (?<id>\d+) \| `(?<name>\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
