using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Mfn.Client;
using Mfn.Contracts.V1;

namespace Mfn.Cli;

/// <summary><c>mfn features</c>: the feature vector of a field or a history in a file.</summary>
internal static class FeaturesCommand
{
    public const string Name = "features";

    public const string Examples = """
        Examples:
          mfn features field.npy
          mfn features history.npy --json --version 5.0 --connectivity 8

        FIELD.npy, or a member of an archive as FILE.npz:NAME, or - for standard input, holds volts as floating-point numbers: (rows, columns) for one field, (frames, rows, columns) for a history.
        """;

    public static Command Create()
    {
        var path = new Argument<string>("FIELD.npy") { Description = "The field, or the history of fields." };
        var cast = CastOption.Create();
        var boxes = new BoxOptions();
        var connectivity = NumberOption.Create<int>("--connectivity", "4|8", "Neighbours of a cell in a cluster. Default: 4.");
        var json = new Option<bool>("--json") { Description = "Print one JSON object whose keys are the features' names." };
        var connection = new ServerConnection();

        var command = new Command(Name, "Computes the 18 features of a field or a history in a file.") { path };
        boxes.AddTo(command);
        command.Add(connectivity);
        command.Add(cast);
        command.Add(json);
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            using var history = NpyHistory.Open(arguments.GetRequiredValue(path), arguments.GetValue(cast));
            var options = ReadOptions(arguments, boxes, connectivity);
            var (definitions, features) = await connection.UseAsync(
                arguments,
                async client => (await client.DescribeFeaturesAsync(cancellationToken), await ExtractAsync(client, history, options, cancellationToken)),
                cancellationToken);
            Print(definitions, features, arguments.GetValue(json));
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>The features by name, in the order of the definitions.</summary>
    public static Dictionary<string, double> ByName(DescribeFeaturesResponse definitions, FeatureVector features) =>
        definitions.Features.Zip(features.Values).ToDictionary(pair => pair.First.Name, pair => pair.Second);

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

    private static void Print(DescribeFeaturesResponse definitions, FeatureVector features, bool asJson)
    {
        if (asJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(ByName(definitions, features)));
        }
        else
        {
            PrintTable(definitions, features);
        }
    }

    /// <summary>A line a feature, with its unit, and why it is not defined if it is not.</summary>
    public static void PrintTable(DescribeFeaturesResponse definitions, FeatureVector features)
    {
        foreach (var (definition, value) in definitions.Features.Zip(features.Values))
        {
            var note = features.Undefined.FirstOrDefault(each => each.Name == definition.Name) is { } undefined ? $"  ({undefined.Reason})" : "";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{definition.Name,-18} {value,14:0.######} {(definition.Unit == "1" ? "" : definition.Unit)}{note}").TrimEnd());
        }
    }
}
