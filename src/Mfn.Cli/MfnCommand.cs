using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using Grpc.Core;
using Mfn.Cli.Completion;
using Mfn.Cli.Runs;
using Mfn.Cli.Topics;

namespace Mfn.Cli;

/// <summary>The command line: parses, runs, and turns what goes wrong into one message and an exit code.</summary>
internal static class MfnCommand
{
    private const string Examples = """
        Examples:
          mfn simulate --grid 128 --steps 500
          mfn simulate --preset medium --json
          mfn serve --urls http://127.0.0.1:50051
          mfn run create --grid 256 --forever --pace 30
          mfn run watch ID
          mfn features field.npy --json
          mfn validate --epochs 5
          mfn aggregate gradients.npy --byzantine 2 --rule multi-krum
          mfn attack --svg attacks.svg
          mfn nernst --valence 1 --out-molar 0.005 --in-molar 0.140
        """;

    public static async Task<int> RunAsync(string[] args)
    {
        var root = Create();
        if (args is [CompletionCommand.Query, .. var words])
        {
            Completer.Complete(root, words).WriteTo(Console.Out);
            return ExitCode.Success;
        }

        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
            {
                await Console.Error.WriteLineAsync($"mfn: {error.Message}");
            }

            await Console.Error.WriteLineAsync($"Try '{CommandPath(parsed)} --help'.");
            return ExitCode.BadArguments;
        }

        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false };
        if (parsed.CommandResult.Command.Name == ServeCommand.Name)
        {
            // The server stops by its own rules.
            configuration.ProcessTerminationTimeout = null;
        }

        try
        {
            return await parsed.InvokeAsync(configuration);
        }
        catch (BadArgumentsException error)
        {
            await Console.Error.WriteLineAsync($"mfn: {error.Message}");
            return ExitCode.BadArguments;
        }
        catch (RpcException error)
        {
            var cause = error.StatusCode == StatusCode.Unavailable ? error.Status.DebugException?.GetBaseException().Message : null;
            await Console.Error.WriteLineAsync($"mfn: {WireName.Of(error.StatusCode)}: {error.Status.Detail}{(cause is null ? "" : $" {cause}.")}");
            return error.StatusCode is StatusCode.InvalidArgument or StatusCode.FailedPrecondition or StatusCode.OutOfRange or StatusCode.NotFound or StatusCode.AlreadyExists
                ? ExitCode.BadArguments
                : ExitCode.Failure;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("mfn: cancelled");
            return ExitCode.Failure;
        }
        catch (Exception error) when (error is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"mfn: {error.Message}");
            return ExitCode.Failure;
        }
    }

    /// <summary>All commands.</summary>
    public static RootCommand Create()
    {
        var root = new RootCommand("Simulates a mycelium's membrane potential, and aggregates federated updates, here or on an Mfn server.")
        {
            SimulateCommand.Create(),
            FeaturesCommand.Create(),
            FractalCommand.Create(),
            ValidateCommand.Create(),
            AggregateCommand.Create(),
            AttackCommand.Create(),
            NernstCommand.Create(),
            GoldmanCommand.Create(),
            ServeCommand.Create(),
            RunCommand.Create(),
            CompletionCommand.Create(),
            HelpCommand.Create(),
        };
        root.Options.OfType<VersionOption>().Single().Action = new VersionText();
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!, new Dictionary<string, string>(RunCommand.ExamplesByName)
        {
            [root.Name] = Examples,
            [SimulateCommand.Name] = SimulateCommand.Examples,
            [FeaturesCommand.Name] = FeaturesCommand.Examples,
            [FractalCommand.Name] = FractalCommand.Examples,
            [FractalCommand.DimensionName] = FractalCommand.DimensionExamples,
            [FractalCommand.IfsName] = FractalCommand.IfsExamples,
            [FractalCommand.StabilityName] = FractalCommand.StabilityExamples,
            [ValidateCommand.Name] = ValidateCommand.Examples,
            [AggregateCommand.Name] = AggregateCommand.Examples,
            [AttackCommand.Name] = AttackCommand.Examples,
            [NernstCommand.Name] = NernstCommand.Examples,
            [GoldmanCommand.Name] = GoldmanCommand.Examples,
            [ServeCommand.Name] = ServeCommand.Examples,
            [CompletionCommand.Name] = CompletionCommand.Examples,
            [HelpCommand.Name] = HelpCommand.Examples,
        });
        EmptyValues.RefuseIn(root);
        return root;
    }

    private static string CommandPath(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (SymbolResult? result = parsed.CommandResult; result is CommandResult { Command: not RootCommand } command; result = command.Parent)
        {
            names.Push(command.Command.Name);
        }

        return string.Join(' ', names.Prepend("mfn"));
    }
}
