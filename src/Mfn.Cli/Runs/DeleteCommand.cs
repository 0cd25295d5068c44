using System.CommandLine;

namespace Mfn.Cli.Runs;

/// <summary><c>mfn run delete</c>: ends a run.</summary>
internal static class DeleteCommand
{
    public const string Name = "delete";

    public const string Examples = """
        Examples:
          mfn run delete ID
        """;

    public static Command Create()
    {
        var id = RunCommand.IdArgument();
        var json = RunCommand.JsonOption("Print the run as it was as one JSON object.");
        var connection = ServerConnection.ToRunningServer();

        var command = new Command(Name, "Ends a run and forgets it.") { id, json };
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var run = await connection.UseAsync(
                arguments, client => client.Runs.DeleteAsync(arguments.GetRequiredValue(id), cancellationToken), cancellationToken);
            Console.WriteLine(arguments.GetValue(json) ? RunReport.ToJson(run) : $"deleted {RunReport.ToLine(run)}");
            return ExitCode.Success;
        });
        return command;
    }
}
