using System.CommandLine;
using Mfn.Cli.Output;

namespace Mfn.Cli.Runs;

/// <summary><c>mfn run check</c>: whether a run's files are sound.</summary>
internal static class CheckCommand
{
    public const string Name = "check";

    public const string Examples = """
        Examples:
          mfn run check ID
          mfn run check ID --json

        The server reads the run's checkpoints; nothing is changed. The exit code is 1 if something is damaged. A server that starts does
        this for all runs.
        """;

    public static Command Create()
    {
        var id = RunCommand.IdArgument();
        var output = new OutputOptions();
        var connection = ServerConnection.ToRunningServer();

        var command = new Command(Name, "Has the server read a run's checkpoints, and tells which are damaged.") { id };
        output.AddTo(command);
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = output.Open(arguments);
            var check = await connection.UseAsync(
                arguments,
                answer,
                async client => await client.Runs.CheckAsync(await RunReference.ResolveAsync(client, arguments.GetRequiredValue(id), cancellationToken), cancellationToken),
                cancellationToken);
            var isDamaged = RunReport.IsDamaged(check.Run);
            answer.Write(
                new JsonRecord()
                    .Add("run_id", check.Run.RunId)
                    .Add("checkpoints", check.CheckpointCount)
                    .Add("bytes", check.ByteCount)
                    .Add("damaged", check.DamagedCheckpoints.Select(file => new JsonRecord().Add("name", file.Name).Add("problem", file.Problem)))
                    .Add("failure", isDamaged ? check.Run.Failure : null),
                writer =>
                {
                    writer.WriteLine($"{check.CheckpointCount} checkpoints, {check.ByteCount} bytes, {check.DamagedCheckpoints.Count} damaged");
                    foreach (var file in check.DamagedCheckpoints)
                    {
                        writer.WriteLine($"{file.Name}: {file.Problem}");
                    }

                    if (isDamaged)
                    {
                        writer.WriteLine($"left alone: {check.Run.Failure}");
                    }
                });
            return isDamaged || check.DamagedCheckpoints.Count > 0 ? ExitCode.Failure : ExitCode.Success;
        });
        return command;
    }
}
