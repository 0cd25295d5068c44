using System.CommandLine;

namespace Mfn.Cli.Runs;

/// <summary><c>mfn run get</c>: one run.</summary>
internal static class GetCommand
{
    public const string Name = "get";

    public const string Examples = """
        Examples:
          mfn run get ID
          mfn run get ID --json
        """;

    public static Command Create()
    {
        var id = RunCommand.IdArgument();
        var json = RunCommand.JsonOption();
        var connection = ServerConnection.ToRunningServer();

        var command = new Command(Name, "Shows a run.") { id, json };
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var run = await connection.UseAsync(
                arguments, client => client.Runs.GetAsync(arguments.GetRequiredValue(id), cancellationToken), cancellationToken);
            Console.WriteLine(arguments.GetValue(json) ? RunReport.ToJson(run) : RunReport.ToText(run));
            return ExitCode.Success;
        });
        return command;
    }
}
