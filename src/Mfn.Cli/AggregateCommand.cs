using System.CommandLine;
using Mfn.Cli.Flags;
using Mfn.Cli.Output;
using Mfn.Client;
using Mfn.Client.Npy;
using Mfn.Contracts.V1;
using Mfn.Server.Aggregation;

namespace Mfn.Cli;

/// <summary><c>mfn aggregate</c>: makes one vector out of a round's updates.</summary>
internal static class AggregateCommand
{
    public const string Name = "aggregate";

    public const string Examples = """
        Examples:
          mfn aggregate gradients.npy --byzantine 2 --rule multi-krum
          mfn aggregate gradients.npy --byzantine 1 --rule krum --variant byzfl-compat --json
          mfn aggregate gradients.npy --byzantine 3 --rule trimmed-mean --pre nnm --out aggregate.npy
          mfn aggregate gradients.npy --byzantine 2 --rule geometric-median --tolerance 1e-6
          mfn aggregate gradients.npy --byzantine 10 --rule hierarchical-krum --clusters 20 --seed 7
          mfn aggregate client-*.safetensors --byzantine 2 --rule median
          mfn aggregate gradients.npy --byzantine 2 --rule median --server http://127.0.0.1:50051

        gradients.npy has a row for each client, of floating-point numbers. A file of one axis, and one of safetensors with all its tensors in the
        order of their names, is one client's update: name as many as there are. --out writes the aggregate as float32 for numpy.load.
        docs/aggregation.md has the rules, and how many updates each needs.
        """;

    public static Command Create()
    {
        var paths = new Argument<string[]>("UPDATES")
        {
            Description = "Files of updates, NPY or safetensors: (updates, components), or one update.",
            Arity = ArgumentArity.OneOrMore,
        }.Fills("updates");
        var cast = CastOption.Create();
        var options = new AggregationOptions();
        var file = new Option<string?>("--out") { Description = "Write the aggregate as an NPY file of floats, (components,).", HelpName = "FILE.npy" };
        var output = new OutputOptions();
        var connection = new ServerConnection("in this process, which reads the file as it needs it");

        var command = new Command(Name, "Aggregates the updates of a round, some of which may be Byzantine.") { paths, cast };
        options.AddTo(command);
        command.Add(file);
        output.AddTo(command);
        connection.AddWithUploadTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = output.Open(arguments);
            var destination = OutputFile.Read(arguments, file);
            using var gradients = GradientFile.Open(arguments.GetRequiredValue(paths), arguments.GetValue(cast));
            var spec = options.Read(arguments, gradients.Length);
            var result = connection.IsElsewhere(arguments)
                ? await connection.UseAsync(arguments, answer, client => client.AggregateAsync(spec, gradients.Updates(), cancellationToken), cancellationToken)
                : await Task.Run(() => AggregateHere(spec, gradients, cancellationToken), cancellationToken);
            if (destination is not null)
            {
                NpyFile.WriteSingles(destination, result.Vector.Span, result.Vector.Length);
            }

            new RoundReport(result, gradients.Count).Write(answer);
            if (destination is not null)
            {
                answer.Note($"wrote {destination}");
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static RoundResult AggregateHere(AggregationSpec spec, GradientFile gradients, CancellationToken cancellationToken)
    {
        try
        {
            var (decision, vector) = LocalAggregation.Aggregate(
                spec, gradients.ClientIds(), gradients, gradients.BeyondSingle, Environment.ProcessorCount, cancellationToken);
            return new RoundResult(decision, vector);
        }
        catch (AggregateException error) when (error.InnerException is IOException)
        {
            // A thread that could not read the file.
            throw new IOException(error.InnerException.Message, error);
        }
    }
}
