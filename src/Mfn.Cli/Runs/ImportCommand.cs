using System.CommandLine;
using Mfn.Cli.Flags;
using Mfn.Cli.Output;
using Mfn.Client.Files;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary><c>mfn run import</c>: starts a run from a file.</summary>
internal static class ImportCommand
{
    public const string Name = "import";

    public const string Examples = """
        Examples:
          mfn run import run.ckpt
          mfn run import run.ckpt --stop-after 1000 --pace 10

        Without --stop-after and --until-steady the run does not stop.
        """;

    public static Command Create()
    {
        var path = new Argument<string>("FILE") { Description = "A checkpoint that mfn run export wrote; - for standard input." }.Fills("chunk", "checkpoint");
        var life = new LifeOptions();
        var output = new OutputOptions();
        var connection = ServerConnection.ToRunningServer();

        var command = new Command(Name, "Starts a run from a checkpoint and prints its id.") { path };
        life.AddTo(command);
        output.AddTo(command);
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = output.Open(arguments);
            var start = new ImportRunStart { Stop = life.ReadStop(arguments), Paused = arguments.GetValue(life.Paused) };
            life.ReadName(arguments, name => start.Name = name);
            arguments.Apply(life.Pace, value => start.StepsPerSecond = value);
            arguments.Apply(life.History, value => start.HistorySteps = value);
            await using var source = Open(arguments.GetRequiredValue(path));

            var run = await connection.UseAsync(arguments, answer, client => client.Runs.ImportAsync(start, source, cancellationToken), cancellationToken);
            RunReport.WriteNew(answer, run, connection.Repeat(arguments));
            return ExitCode.Success;
        });
        return command;
    }

    private static Stream Open(string path)
    {
        try
        {
            StandardStreams.RequireOpen(path);
            return path == "-" ? StandardStreams.OpenInput() : File.OpenRead(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BadArgumentsException(error.Message);
        }
    }
}
