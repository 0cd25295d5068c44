using System.CommandLine;
using Mfn.Cli.Flags;
using Mfn.Cli.Output;
using Mfn.Client;
using Mfn.Contracts.V1;

namespace Mfn.Cli;

/// <summary><c>mfn features</c>: the feature vectors of fields or histories in files.</summary>
internal static class FeaturesCommand
{
    public const string Name = "features";

    public const string Examples = """
        Examples:
          mfn features field.npy
          mfn features history.npy --json --version 5.0 --connectivity 8
          mfn features monday.npy tuesday.npy -o jsonl

        FIELD.npy, or a member of an archive as FILE.npz:NAME, or - for standard input, holds volts as floating-point numbers: (rows, columns) for one
        field, (frames, rows, columns) for a history. A feature that a history does not define, such as a change over time of a single field, is '-',
        in JSON null with the reason in 'undefined'.
        """;

    public static Command Create()
    {
        var paths = new Argument<string[]>("FIELD.npy") { Description = "Fields, or histories of fields; several files.", Arity = ArgumentArity.OneOrMore }.Fills("frame", "frames");
        var cast = CastOption.Create();
        var boxes = new BoxOptions();
        var connectivity = NumberOption.Create<int>("--connectivity", "4|8", "Neighbours of a cell in a cluster. Default: 4.").Fills("connectivity").Within(value => value is 4 or 8, "4 or 8");
        connectivity.CompletionSources.Add("4", "8");
        var output = new OutputOptions("One JSON object, for several files an array");
        var connection = new ServerConnection();

        var command = new Command(Name, "Computes the 18 features of fields or histories in files.") { paths };
        boxes.AddTo(command);
        command.Add(connectivity);
        command.Add(cast);
        output.AddTo(command);
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = output.Open(arguments);
            var options = ReadOptions(arguments, boxes, connectivity);
            using var histories = new NpyHistories(arguments.GetRequiredValue(paths), arguments.GetValue(cast));
            var isList = histories.All.Count > 1;
            var (definitions, vectors) = await connection.UseAsync(
                arguments,
                answer,
                async client =>
                {
                    var found = new List<(string File, FeatureVector Features)>();
                    foreach (var (file, history) in histories.All)
                    {
                        found.Add((file, await ExtractAsync(client, history, options, cancellationToken)));
                    }

                    return (await client.DescribeFeaturesAsync(cancellationToken), found);
                },
                cancellationToken);
            answer.WriteEach(
                vectors,
                isList,
                each => new JsonRecord().Add("file", each.File).Add("features", FeatureReport.ToJson(definitions, each.Features)),
                writer =>
                {
                    if (isList)
                    {
                        FeatureReport.WriteTable(writer, definitions, vectors);
                    }
                    else
                    {
                        FeatureReport.WriteTable(writer, definitions, vectors[0].Features, answer.IsWide);
                    }
                });
            return ExitCode.Success;
        });
        return command;
    }

    private static FeatureOptions ReadOptions(ParseResult arguments, BoxOptions boxes, Option<int?> connectivity)
    {
        var options = new FeatureOptions { DefinitionVersion = arguments.GetValue(boxes.Version) ?? "" };
        arguments.Apply(boxes.MinBox, value => options.MinBoxSize = value);
        arguments.Apply(boxes.MaxBox, value => options.MaxBoxSize = value);
        arguments.Apply(boxes.Scales, value => options.ScaleCount = value);
        arguments.Apply(connectivity, value => options.Connectivity = value);

        return options;
    }

    private static async Task<FeatureVector> ExtractAsync(MfnClient client, NpyHistory history, FeatureOptions options, CancellationToken cancellationToken)
    {
        // Only the vector after the last frame is wanted.
        var start = new StreamFeaturesStart { Options = options, EveryNFrames = int.MaxValue };
        FeatureVector? features = null;
        await foreach (var response in client.StreamFeaturesAsync(start, history.Frames(), cancellationToken))
        {
            features = response.Features;
        }

        return features ?? throw new IOException("The server ended the stream without features.");
    }
}
