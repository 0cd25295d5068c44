using System.CommandLine;
using System.CommandLine.Help;
using Grpc.Core;
using Mfn.Cli.Audit;
using Mfn.Cli.Completion;
using Mfn.Cli.Configuration;
using Mfn.Cli.Contexts;
using Mfn.Cli.Flags;
using Mfn.Cli.Keys;
using Mfn.Cli.Output;
using Mfn.Cli.Runs;
using Mfn.Cli.Top;
using Mfn.Cli.Topics;
using Mfn.Client;
using Mfn.Server.Configuration;

namespace Mfn.Cli;

/// <summary>The command line: parses, runs, and turns what goes wrong into messages and an exit code.</summary>
internal static class MfnCommand
{
    private const string Examples = """
        Examples:
          mfn simulate --grid 128 --steps 500
          mfn simulate --preset medium --json
          mfn simulate --kinetics gray-scott --species v
          mfn gallery
          mfn serve --urls http://127.0.0.1:50051
          mfn run create --grid 256 --forever --pace 30
          mfn run watch ID
          mfn top
          mfn features field.npy --json
          mfn validate --epochs 5
          mfn aggregate gradients.npy --byzantine 2 --rule multi-krum
          mfn attack --svg attacks.svg
          mfn nernst --valence 1 --out-molar 0.005 --in-molar 0.140
          mfn context add lab --server https://lab.example:50051
          mfn key create lab --role operator
          mfn config explain

        Commands print their answer on standard output and all else on standard error; -o json is for programs, -q for silence.
        MFN_SERVER, MFN_CONTEXT and MFN_KEY stand for --server, --context and --key; NO_COLOR turns colours off.


        """ + ExitCode.Help;

    /// <summary>Runs the process's command on its standard streams.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var output = StandardOutput.Open();
        try
        {
            return await RunAsync(args, output, StandardError.Open(), StandardOutput.Closed);
        }
        catch (OperationCanceledException) when (StandardOutput.IsClosed())
        {
            return ExitCode.ReaderLeft;
        }
    }

    /// <summary>Runs a command.</summary>
    /// <param name="args">The command line without the executable.</param>
    /// <param name="output">Gets the answer.</param>
    /// <param name="error">Gets everything else.</param>
    /// <param name="outputClosed">Cancelled when nobody reads the output any more.</param>
    /// <exception cref="OperationCanceledException">Nobody reads the output any more.</exception>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken outputClosed = default)
    {
        var root = Create();
        if (args is [CompletionCommand.Query, .. var words])
        {
            Completer.Complete(root, words).WriteTo(output);
            return ExitCode.Success;
        }

        // A word that begins with @ is a word: the parser would put in its place what is in a file of that name.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var isHelp = parsed.Action is { ClearsParseErrors: true };
        if (!isHelp && ParseProblems.Of(parsed) is { Count: > 0 } problems)
        {
            Tell(error, parsed.CommandResult.Command.Name == ServeCommand.Name ? problems.Concat(ServeCommand.Problems(parsed)) : problems);
            await error.WriteLineAsync($"Try '{ParseProblems.PathOf(parsed)} --help'.");
            return ExitCode.BadArguments;
        }

        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output, Error = error };
        var isServer = parsed.CommandResult.Command.Name == ServeCommand.Name;
        if (isServer)
        {
            // The server stops by its own rules, and goes on when nobody reads where it listens.
            configuration.ProcessTerminationTimeout = null;
        }

        try
        {
            return await parsed.InvokeAsync(configuration, isServer ? CancellationToken.None : outputClosed);
        }
        catch (BadArgumentsException failure)
        {
            // No server has seen the numbers.
            Tell(error, failure.Problems.Union(NumberRanges.Problems(parsed)));
            return ExitCode.BadArguments;
        }
        catch (InvalidSettingsException failure)
        {
            Tell(error, failure.Problems);
            return ExitCode.BadArguments;
        }
        catch (NoServerException failure)
        {
            Tell(error, [failure.Message]);
            return ExitCode.Failure;
        }
        catch (RpcException failure) when (failure.StatusCode == StatusCode.Cancelled && outputClosed.IsCancellationRequested)
        {
            throw new OperationCanceledException(failure.Message, failure, outputClosed);
        }
        catch (RpcException failure)
        {
            return Tell(error, failure, new FlagWords(parsed));
        }
        catch (OperationCanceledException) when (!outputClosed.IsCancellationRequested)
        {
            Tell(error, ["cancelled"]);
            return ExitCode.Failure;
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            Tell(error, [failure.Message]);
            return ExitCode.Failure;
        }
    }

    /// <summary>The command line as a tree.</summary>
    public static RootCommand Create()
    {
        var root = new RootCommand("Simulates a mycelium's membrane potential, and aggregates federated updates, here or on an Mfn server.")
        {
            SimulateCommand.Create(),
            ExplainCommand.Create(),
            CostCommand.Create(),
            GalleryCommand.Create(),
            FeaturesCommand.Create(),
            FractalCommand.Create(),
            ValidateCommand.Create(),
            AggregateCommand.Create(),
            AttackCommand.Create(),
            NernstCommand.Create(),
            GoldmanCommand.Create(),
            ServeCommand.Create(),
            RunCommand.Create(),
            TopCommand.Create(),
            ContextCommand.Create(),
            KeyCommand.Create(),
            AuditCommand.Create(),
            ConfigCommand.Create(),
            CompletionCommand.Create(),
            HelpCommand.Create(),
        };
        root.Options.OfType<VersionOption>().Single().Action = new VersionText();
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!, new Dictionary<string, string>(RunCommand.ExamplesByPath.Concat(ContextCommand.ExamplesByPath).Concat(KeyCommand.ExamplesByPath).Concat(AuditCommand.ExamplesByPath).Concat(ConfigCommand.ExamplesByPath))
        {
            [""] = Examples,
            [SimulateCommand.Name] = SimulateCommand.Examples,
            [ExplainCommand.Name] = ExplainCommand.Examples,
            [CostCommand.Name] = CostCommand.Examples,
            [GalleryCommand.Name] = GalleryCommand.Examples,
            [FeaturesCommand.Name] = FeaturesCommand.Examples,
            [FractalCommand.Name] = FractalCommand.Examples,
            [$"{FractalCommand.Name} {FractalCommand.DimensionName}"] = FractalCommand.DimensionExamples,
            [$"{FractalCommand.Name} {FractalCommand.IfsName}"] = FractalCommand.IfsExamples,
            [$"{FractalCommand.Name} {FractalCommand.StabilityName}"] = FractalCommand.StabilityExamples,
            [ValidateCommand.Name] = ValidateCommand.Examples,
            [AggregateCommand.Name] = AggregateCommand.Examples,
            [AttackCommand.Name] = AttackCommand.Examples,
            [NernstCommand.Name] = NernstCommand.Examples,
            [GoldmanCommand.Name] = GoldmanCommand.Examples,
            [ServeCommand.Name] = ServeCommand.Examples,
            [TopCommand.Name] = TopCommand.Examples,
            [CompletionCommand.Name] = CompletionCommand.Examples,
            [HelpCommand.Name] = HelpCommand.Examples,
        });
        EmptyValues.RefuseIn(root);
        return root;
    }

    /// <summary>Tells of a call that failed; returns the exit code.</summary>
    public static int Tell(TextWriter error, RpcException failure, FlagWords words)
    {
        var violations = failure.GetFieldViolations();
        if (failure.StatusCode == StatusCode.InvalidArgument && violations.Count > 0)
        {
            Tell(error, violations.Select(words.Tell));
            return ExitCode.BadArguments;
        }

        var cause = failure.StatusCode == StatusCode.Unavailable ? failure.Status.DebugException?.GetBaseException().Message : null;
        Tell(error, [$"{WireName.Of(failure.StatusCode)}: {words.Tell(failure.Status.Detail)}{(cause is null ? "" : $" {cause}.")}"]);
        if (failure.StatusCode is StatusCode.InvalidArgument or StatusCode.FailedPrecondition or StatusCode.OutOfRange or StatusCode.NotFound or StatusCode.AlreadyExists)
        {
            return ExitCode.BadArguments;
        }

        // Here an operator may have to look; of a server in this process there is no log to look at, nor has it been given an id.
        if (failure.GetCorrelationId() is { } id && id.StartsWith(ServerConnection.CorrelationPrefix, StringComparison.Ordinal))
        {
            Tell(error, [$"The server's logs have it under the correlation id {id}."]);
        }

        return ExitCode.Failure;
    }

    /// <summary>Tells of problems, each on a line.</summary>
    public static void Tell(TextWriter error, IEnumerable<string> problems)
    {
        foreach (var problem in problems)
        {
            error.WriteLine($"mfn: {problem}");
        }
    }
}
