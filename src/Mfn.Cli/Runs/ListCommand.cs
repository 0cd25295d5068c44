using System.CommandLine;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary><c>mfn run list</c>: the runs of a server.</summary>
internal static class ListCommand
{
    public const string Name = "list";

    public const string Examples = """
        Examples:
          mfn run list
          mfn run list --state paused
          mfn run list --json                  a JSON object a line
        """;

    private static readonly string[] States = ["running", "paused", "stopped", "failed"];

    public static Command Create()
    {
        var state = new Option<string?>("--state") { Description = "Only runs in this state.", HelpName = string.Join('|', States) };
        state.AcceptOnlyFromAmong(States);
        var json = RunCommand.JsonOption("Print a JSON object a run.");
        var connection = ServerConnection.ToRunningServer();

        var command = new Command(Name, "Lists the runs of a server, the latest first.") { state, json };
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var filter = arguments.GetValue(state) is { } name ? Enum.Parse<RunState>(name, ignoreCase: true) : RunState.Unspecified;
            return await connection.UseAsync(
                arguments,
                async client =>
                {
                    await foreach (var run in client.Runs.ListAsync(filter, cancellationToken))
                    {
                        Console.WriteLine(arguments.GetValue(json) ? RunReport.ToJson(run) : RunReport.ToLine(run));
                    }

                    return ExitCode.Success;
                },
                cancellationToken);
        });
        return command;
    }
}
