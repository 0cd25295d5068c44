using System.CommandLine;
using Mfn.Cli.Flags;

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

    /// <summary>The examples of the command and those below it, by the commands' paths.</summary>
    public static IReadOnlyDictionary<string, string> ExamplesByPath { get; } = new Dictionary<string, string>
    {
        [Name] = Examples,
        [$"{Name} {CreateCommand.Name}"] = CreateCommand.Examples,
        [$"{Name} {ListCommand.Name}"] = ListCommand.Examples,
        [$"{Name} {GetCommand.Name}"] = GetCommand.Examples,
        [$"{Name} {CheckCommand.Name}"] = CheckCommand.Examples,
        [$"{Name} {WatchCommand.Name}"] = WatchCommand.Examples,
        [$"{Name} {SteerCommand.Name}"] = SteerCommand.Examples,
        [$"{Name} {ForkCommand.Name}"] = ForkCommand.Examples,
        [$"{Name} {ExportCommand.Name}"] = ExportCommand.Examples,
        [$"{Name} {ImportCommand.Name}"] = ImportCommand.Examples,
        [$"{Name} {DeleteCommand.Name}"] = DeleteCommand.Examples,
        [$"{Name} {RepairCommand.Name}"] = RepairCommand.Examples,
    };

    public static Command Create() => new(Name, "Starts, watches and steers runs that live on a server.")
    {
        CreateCommand.Create(),
        ListCommand.Create(),
        GetCommand.Create(),
        CheckCommand.Create(),
        WatchCommand.Create(),
        SteerCommand.Create(),
        ForkCommand.Create(),
        ExportCommand.Create(),
        ImportCommand.Create(),
        DeleteCommand.Create(),
        RepairCommand.Create(),
    };

    /// <summary>The name of arguments that name runs.</summary>
    public const string ArgumentName = "ID";

    /// <summary>The argument that names a run.</summary>
    public static Argument<string> IdArgument() => new Argument<string>(ArgumentName) { Description = "The run: its id, its name, or a beginning of its id that no other has." }.Fills("run_id");

    /// <summary>The argument that names runs.</summary>
    public static Argument<string[]> IdsArgument() =>
        new Argument<string[]>(ArgumentName) { Description = "The runs: ids, names, or beginnings of ids.", Arity = ArgumentArity.OneOrMore }.Fills("run_id");
}
