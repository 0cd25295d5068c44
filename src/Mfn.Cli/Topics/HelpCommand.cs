using System.CommandLine;
using System.CommandLine.Completions;
using Mfn.Cli.Flags;
using Mfn.Cli.Terminals;

namespace Mfn.Cli.Topics;

/// <summary><c>mfn help</c>: tells about a topic, or about a command as <c>--help</c> does.</summary>
internal static class HelpCommand
{
    public const string Name = "help";

    public const string Examples = """
        Examples:
          mfn help
          mfn help settings
          mfn help run watch                 the same as mfn run watch --help
          mfn help status codes | less
        """;

    private const int Width = 100;
    private const int NarrowestWidth = 40;

    public static Command Create()
    {
        var words = new Argument<string[]>("TOPIC") { HelpName = "TOPIC", Description = "A topic or a command. Default: the list of both.", Arity = ArgumentArity.ZeroOrMore };
        words.CompletionSources.Add(context =>
            Subcommands(Root(context.ParseResult)).Select(command => (command.Name, command.Description))
                .Concat(Topic.All.Select(topic => (topic.Name, (string?)topic.Summary)))
                .Select(entry => new CompletionItem(entry.Name, detail: entry.Item2)));
        var command = new Command(Name, "Tells about a topic or a command.") { words };
        command.SetAction(arguments => Show(Root(arguments), arguments.GetValue(words) ?? [], arguments.InvocationConfiguration.Output));
        return command;
    }

    private static int Show(RootCommand root, string[] words, TextWriter output)
    {
        if (words.Length == 0)
        {
            List(root, output);
            return ExitCode.Success;
        }

        var name = string.Join('-', words);
        if (Topic.Find(name) is { } topic)
        {
            // Read by a program, lines are as wide as on a wide terminal.
            output.Write(topic.Read(Console.IsOutputRedirected ? Width : Math.Clamp(TerminalSize.Now.Width, NarrowestWidth, Width)));
            return ExitCode.Success;
        }

        if (IsCommand(root, words))
        {
            return root.Parse([.. words, "--help"], new ParserConfiguration { ResponseFileTokenReplacer = null }).Invoke(new InvocationConfiguration { Output = output });
        }

        var near = Suggestion.For(string.Join(' ', words), Known(root), found => $"; did you mean {found}?") is { Length: > 0 } suggestion ? suggestion : ".";
        throw new BadArgumentsException($"There is no topic or command '{string.Join(' ', words)}'{near} 'mfn help' lists them.");
    }

    private static void List(RootCommand root, TextWriter output)
    {
        var commands = Subcommands(root).ToArray();
        var width = Math.Max(commands.Max(command => command.Name.Length), Topic.All.Max(topic => topic.Name.Length));
        output.WriteLine("Topics, for mfn help TOPIC:");
        foreach (var topic in Topic.All)
        {
            output.WriteLine($"  {topic.Name.PadRight(width)}  {topic.Summary}");
        }

        output.WriteLine("Pages of docs/ are topics too: numerics, performance, streaming and so on.");
        output.WriteLine();
        output.WriteLine("Commands, for mfn help COMMAND or mfn COMMAND --help:");
        foreach (var command in commands)
        {
            output.WriteLine($"  {command.Name.PadRight(width)}  {command.Description}");
        }
    }

    private static bool IsCommand(Command command, ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (command.Subcommands.FirstOrDefault(below => below.Name == word) is not { } next)
            {
                return false;
            }

            command = next;
        }

        return true;
    }

    private static string[] Known(RootCommand root) =>
    [
        .. Topic.All.Select(topic => topic.Name).Concat(Subcommands(root).SelectMany(command => Subcommands(command).Select(below => $"{command.Name} {below.Name}").Prepend(command.Name))),
    ];

    private static IEnumerable<Command> Subcommands(Command command) => command.Subcommands.Where(below => !below.Hidden);

    private static RootCommand Root(ParseResult arguments) => (RootCommand)arguments.RootCommandResult.Command;
}
