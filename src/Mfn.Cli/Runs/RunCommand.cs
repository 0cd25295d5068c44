using System.CommandLine;

namespace Mfn.Cli.Runs;

/// <summary><c>mfn run</c>: runs that live on a server.</summary>
internal static class RunCommand
{
    public const string Name = "run";

    private const string Examples = """
        Examples:
          mfn serve                                                in another terminal
          id=$(mfn run create --grid 256 --forever --pace 30)
          mfn run watch $id                                        draws it; q quits
          mfn run steer $id set --alpha 0.1
          mfn run fork $id --spike-probability 0.9
          mfn run export $id run.ckpt; mfn run import run.ckpt --paused
          mfn run delete $id
        """;

    /// <summary>The examples of the command and those below it, by the commands' names.</summary>
    public static IReadOnlyDictionary<string, string> ExamplesByName { get; } = new Dictionary<string, string>
    {
        [Name] = Examples,
        [CreateCommand.Name] = CreateCommand.Examples,
        [ListCommand.Name] = ListCommand.Examples,
        [GetCommand.Name] = GetCommand.Examples,
        [WatchCommand.Name] = WatchCommand.Examples,
        [SteerCommand.Name] = SteerCommand.Examples,
        [ForkCommand.Name] = ForkCommand.Examples,
        [ExportCommand.Name] = ExportCommand.Examples,
        [ImportCommand.Name] = ImportCommand.Examples,
        [DeleteCommand.Name] = DeleteCommand.Examples,
    };

    public static Command Create() => new(Name, "Starts, watches and steers runs that live on a server.")
    {
        CreateCommand.Create(),
        ListCommand.Create(),
        GetCommand.Create(),
        WatchCommand.Create(),
        SteerCommand.Create(),
        ForkCommand.Create(),
        ExportCommand.Create(),
        ImportCommand.Create(),
        DeleteCommand.Create(),
    };

    /// <summary>The argument that names a run.</summary>
    public static Argument<string> IdArgument() => new("ID") { Description = "The run." };

    /// <summary>The option for JSON instead of text.</summary>
    public static Option<bool> JsonOption(string description = "Print one JSON object.") => new("--json") { Description = description };
}
