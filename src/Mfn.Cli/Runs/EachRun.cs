using System.CommandLine;
using Grpc.Core;
using Mfn.Cli.Flags;
using Mfn.Cli.Output;
using Mfn.Client;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary>Commands that do the same with each of several runs, and go on when one fails.</summary>
internal static class EachRun
{
    public static Command CreateCommand(
        string name, string description, string json, Func<MfnClient, string, CancellationToken, Task<Run>> call, Action<TextWriter, Run> writeText)
    {
        var ids = RunCommand.IdsArgument();
        var output = new OutputOptions(json);
        var connection = ServerConnection.ToRunningServer();

        var command = new Command(name, description) { ids };
        output.AddTo(command);
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = output.Open(arguments);
            var references = arguments.GetRequiredValue(ids);
            var (runs, exitCode) = await connection.UseAsync(
                arguments, answer, client => CallAsync(client, references, call, new Failures(arguments, answer), cancellationToken), cancellationToken);
            if (runs.Count > 0 || references.Length > 1)
            {
                answer.WriteEach(runs, references.Length > 1, RunReport.ToJson, writer => WriteAll(writer, runs, writeText));
            }

            return exitCode;
        });
        return command;
    }

    private static async Task<(List<Run> Runs, int ExitCode)> CallAsync(
        MfnClient client, string[] references, Func<MfnClient, string, CancellationToken, Task<Run>> call, Failures failures, CancellationToken cancellationToken)
    {
        var runs = new List<Run>();
        foreach (var reference in references)
        {
            try
            {
                runs.Add(await call(client, await RunReference.ResolveAsync(client, reference, cancellationToken), cancellationToken));
            }
            catch (RpcException error) when (error.StatusCode is not (StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled))
            {
                failures.Tell(error);
            }
            catch (BadArgumentsException error)
            {
                failures.Tell(error);
            }
        }

        return (runs, failures.ExitCode);
    }

    private static void WriteAll(TextWriter writer, List<Run> runs, Action<TextWriter, Run> writeText)
    {
        foreach (var run in runs)
        {
            writeText(writer, run);
        }
    }

    private sealed class Failures(ParseResult arguments, Answer answer)
    {
        public int ExitCode { get; private set; } = Cli.ExitCode.Success;

        public void Tell(RpcException error) => ExitCode = MfnCommand.Tell(answer.Error, error, new FlagWords(arguments));

        public void Tell(BadArgumentsException error)
        {
            MfnCommand.Tell(answer.Error, error.Problems);
            ExitCode = Cli.ExitCode.BadArguments;
        }
    }
}
