using System.CommandLine;
using System.Text;

namespace Mfn.Server.Tests.Cli;

/// <summary>The part of docs/command-line.md that lists every command, argument and option is what the command tree says.</summary>
public sealed class CommandReferenceTests
{
    private const string Marker = "<!-- From here on the page is what CommandReferenceTests makes of the command tree. -->\n";

    // What every command with an answer has, and every command that calls servers; the page says it once.
    private static readonly HashSet<string> Shared = ["--output", "--json", "--quiet", "--verbose", "--help", "--server", "--context", "--key", "--token-file", "--tls-ca", "--tls-cert", "--tls-key", "--timeout"];

    [Fact]
    public async Task Page_ListsTheCommandTree()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Root(), "docs", "command-line.md"));
        var expected = Render();

        var start = page.IndexOf(Marker, StringComparison.Ordinal);
        Assert.True(start >= 0, "The page has no marker.");
        var written = Path.Combine(AppContext.BaseDirectory, "command-line.expected.md");
        await File.WriteAllTextAsync(written, page[..(start + Marker.Length)] + expected);
        Assert.True(page[(start + Marker.Length)..] == expected, $"docs/command-line.md is not what the command tree says. {written} is; read it before you take it.");
    }

    private static string Render()
    {
        var text = new StringBuilder();
        foreach (var (path, command) in CommandTable.Commands)
        {
            text.Append('\n').Append("## mfn ").Append(path).Append("\n\n").Append(command.Description).Append('\n');
            var own = Ancestors(command).SelectMany(each => each.Arguments).Select(argument => (Name: $"`{argument.Name}`", argument.Description))
                .Concat(command.Options.Where(option => !option.Hidden && (!Shared.Contains(option.Name) || path == "context add")).Select(option => (Name: Spell(option), option.Description)))
                .Where(row => row.Name != "`--help`")
                .ToArray();
            if (own.Length > 0)
            {
                text.Append("\n| | |\n|---|---|\n");
                foreach (var (name, description) in own)
                {
                    text.Append("| ").Append(name.Replace("|", "\\|", StringComparison.Ordinal)).Append(" | ").Append(description?.Replace("|", "\\|", StringComparison.Ordinal)).Append(" |\n");
                }
            }
        }

        return text.ToString();
    }

    private static string Spell(Option option)
    {
        var takesValue = option.Arity.MaximumNumberOfValues > 0 && option.ValueType != typeof(bool);
        return $"`{option.Name}{(takesValue ? $" {option.HelpName ?? "VALUE"}" : "")}`{(option.Required ? ", required" : "")}";
    }

    private static Stack<Command> Ancestors(Command command)
    {
        var chain = new Stack<Command>();
        for (var each = command; each is not null; each = each.Parents.OfType<Command>().FirstOrDefault())
        {
            chain.Push(each);
        }

        return chain;
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Mfn.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests do not run within the repository.");
    }
}
