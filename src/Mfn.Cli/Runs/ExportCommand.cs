using System.CommandLine;
using System.Text.Json;
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
        """;

    public static Command Create()
    {
        var id = RunCommand.IdArgument();
        var path = new Argument<string>("FILE") { Description = "The file to write. One that was there is replaced once the new one is complete." };
        var step = NumberOption.Create<long>("--step", "N", "The state after this step. Default: the state now.");
        var json = RunCommand.JsonOption();
        var connection = ServerConnection.ToRunningServer();

        var command = new Command(Name, "Writes a run's state to a file, as a checkpoint.") { id, path, step, json };
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var destination = OutputFile.Check("FILE", arguments.GetRequiredValue(path));
            var request = new ExportRunRequest { RunId = arguments.GetRequiredValue(id) };
            arguments.Apply(step, value => request.Step = value);

            var length = await connection.UseAsync(arguments, client => WriteAsync(destination, file => client.Runs.ExportAsync(request, file, cancellationToken)), cancellationToken);
            Console.WriteLine(arguments.GetValue(json)
                ? JsonSerializer.Serialize(new Dictionary<string, object> { ["file"] = destination, ["bytes"] = length })
                : $"wrote {destination}, {length} bytes");
            return ExitCode.Success;
        });
        return command;
    }

    private static async Task<long> WriteAsync(string path, Func<Stream, Task<long>> export)
    {
        var partial = $"{path}.{Guid.NewGuid():N}.partial";
        try
        {
            long length;
            await using (var file = new FileStream(partial, FileMode.CreateNew))
            {
                length = await export(file);
                await file.FlushAsync();
                RandomAccess.FlushToDisk(file.SafeFileHandle);
            }

            File.Move(partial, path, overwrite: true);
            return length;
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }
}
