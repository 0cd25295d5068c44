using System.CommandLine;
using Mfn.Cli.Flags;
using Mfn.Cli.Output;
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
        var step = NumberOption.Create<long>("--step", "N", "The state after this step. Default: the state now.").Fills("step").AtLeast(0);
        var output = new OutputOptions();
        var connection = ServerConnection.ToRunningServer();

        var command = new Command(Name, "Writes a run's state to a file, as a checkpoint.") { id, path, step };
        output.AddTo(command);
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = output.Open(arguments);
            var file = arguments.GetRequiredValue(path);
            var isPiped = file == OutputFile.StandardOutput;
            var destination = isPiped ? file : OutputFile.Check("FILE", file);
            var request = new ExportRunRequest();
            arguments.Apply(step, value => request.Step = value);

            var length = await connection.UseAsync(
                arguments,
                answer,
                async client =>
                {
                    request.RunId = await RunReference.ResolveAsync(client, arguments.GetRequiredValue(id), cancellationToken);
                    return await WriteAsync(destination, file => client.Runs.ExportAsync(request, file, cancellationToken));
                },
                cancellationToken);
            var text = $"wrote {destination}, {length} bytes";
            if (isPiped)
            {
                answer.Note(text);
            }
            else
            {
                answer.Write(new JsonRecord().Add("run_id", request.RunId).Add("file", destination).Add("bytes", length), text);
            }

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

        await using var output = StandardOutput.OpenStream();
        return await export(output);
    }
}
