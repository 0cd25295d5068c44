using System.CommandLine;
using System.Text.Json;
using Mfn.Client.Files;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary><c>mfn run export</c>: keeps a run's state in a file.</summary>
internal static class ExportCommand
{
    public const string Name = "export";

    public const string Examples = """
        Examples:
          mfn run export ID run.ckpt
          mfn run export ID run.ckpt --step 100
          mfn run export ID - | mfn run import -
        """;

    public static Command Create()
    {
        var id = RunCommand.IdArgument();
        var path = new Argument<string>("FILE") { Description = "The file to write, - for standard output. One that was there is replaced once the new one is complete." };
        var step = NumberOption.Create<long>("--step", "N", "The state after this step. Default: the state now.");
        var json = RunCommand.JsonOption();
        var connection = ServerConnection.ToRunningServer();

        var command = new Command(Name, "Writes a run's state to a file, as a checkpoint.") { id, path, step, json };
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var file = arguments.GetRequiredValue(path);
            var destination = file == OutputFile.StandardOutput ? file : OutputFile.Check("FILE", file);
            var request = new ExportRunRequest { RunId = arguments.GetRequiredValue(id) };
            arguments.Apply(step, value => request.Step = value);

            var length = await connection.UseAsync(arguments, client => WriteAsync(destination, file => client.Runs.ExportAsync(request, file, cancellationToken)), cancellationToken);
            var answer = arguments.GetValue(json)
                ? JsonSerializer.Serialize(new Dictionary<string, object> { ["file"] = destination, ["bytes"] = length })
                : $"wrote {destination}, {length} bytes";
            await (destination == OutputFile.StandardOutput ? Console.Error : Console.Out).WriteLineAsync(answer);
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>Writes to a file, or to standard output for <c>-</c>.</summary>
    private static async Task<long> WriteAsync(string path, Func<Stream, Task<long>> export)
    {
        if (path != OutputFile.StandardOutput)
        {
            return await FileReplacement.WriteAsync(path, export);
        }

        await using var output = Console.OpenStandardOutput();
        return await export(output);
    }
}
