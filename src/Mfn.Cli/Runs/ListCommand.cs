using System.CommandLine;
using Mfn.Cli.Flags;
using Mfn.Cli.Output;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary><c>mfn run list</c>: the runs of a server.</summary>
internal static class ListCommand
{
    public const string Name = "list";

    public const string Examples = """
        Examples:
          mfn run list
          mfn run list --state paused -o wide
          mfn run list -o jsonl                a JSON object a line

        The beginning of an id that the table shows is enough to name the run; -o wide has the whole ids.
        """;

    private static readonly string[] States = ["running", "paused", "stopped", "failed", "damaged"];

    public static Command Create()
    {
        var state = ChoiceOption.Create("--state", "Only runs in this state.", States).Fills("state");
        var output = new OutputOptions("A JSON array");
        var connection = ServerConnection.ToRunningServer();

        var command = new Command(Name, "Lists the runs of a server, the latest first.") { state };
        output.AddTo(command);
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = output.Open(arguments);
            var filter = arguments.GetValue(state) is { } name ? Enum.Parse<RunState>(name, ignoreCase: true) : RunState.Unspecified;
            var runs = await connection.UseAsync(
                arguments, answer, async client => await client.Runs.ListAsync(filter, cancellationToken).ToListAsync(cancellationToken), cancellationToken);
            answer.WriteList(runs, RunReport.ToJson, RunReport.Columns(answer.IsWide ? int.MaxValue : RunReport.ShortestIdLength(runs)));
            if (!answer.IsJson && runs.Count(RunReport.IsDamaged) is > 0 and var count)
            {
                answer.Note($"{(count == 1 ? "1 run is" : $"{count} runs are")} damaged, and left alone by the server; mfn run get ID says why");
            }

            return ExitCode.Success;
        });
        return command;
    }
}
