using System.CommandLine;
using System.CommandLine.Completions;
using Grpc.Core;
using Mfn.Cli.Kinetics;
using Mfn.Cli.Output;

namespace Mfn.Cli.Runs;

/// <summary>The runs of the server that a command line names, for a shell to complete: their names, and the ids of those that have none.</summary>
internal static class RunCandidates
{
    private const int Most = 100;

    // Somebody is waiting with a finger on the key.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Lets the command's arguments that name runs be completed with those of its server.</summary>
    public static void AddTo(Command command, ServerConnection connection)
    {
        foreach (var argument in command.Arguments.Where(argument => argument.Name == RunCommand.ArgumentName))
        {
            // Help would list the candidates otherwise, and ask the server for them.
            argument.HelpName = argument.Name;
            argument.CompletionSources.Add(context => Ask(connection, context.ParseResult));
        }
    }

    private static IEnumerable<CompletionItem> Ask(ServerConnection connection, ParseResult arguments)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            // A source of completions cannot be awaited.
            return connection.UseAsync(arguments, new Answer(TextWriter.Null, TextWriter.Null, OutputFormat.Table, isQuiet: true, isVerbose: false), ListAsync, patience.Token)
                .GetAwaiter().GetResult();
        }
        catch (Exception error) when (error is RpcException or NoServerException or BadArgumentsException or OperationCanceledException or IOException or InvalidDataException or UnauthorizedAccessException)
        {
            // Whatever is wrong, the command will say once it is typed.
            return [];
        }

        async Task<IReadOnlyList<CompletionItem>> ListAsync(Client.MfnClient client)
        {
            var items = new List<CompletionItem>();
            await foreach (var run in client.Runs.ListAsync(cancellationToken: patience.Token))
            {
                items.Add(new CompletionItem(run.Name.Length > 0 ? run.Name : run.RunId, detail: RunReport.IsDamaged(run) ? "damaged" : $"step {run.Step}, {SpecShape.Tell(run.Spec)} cells"));
                if (items.Count == Most)
                {
                    break;
                }
            }

            return items;
        }
    }
}
