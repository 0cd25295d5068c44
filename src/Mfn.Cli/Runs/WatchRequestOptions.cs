using System.CommandLine;
using System.Globalization;
using Google.Protobuf;
using Mfn.Cli.Flags;
using Mfn.Cli.Kinetics;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary>The options that say which frames of a run to send, and how.</summary>
internal sealed class WatchRequestOptions
{
    private static readonly Dictionary<string, FieldEncoding> Encodings = new()
    {
        ["f64"] = FieldEncoding.Float64,
        ["f32"] = FieldEncoding.Float32,
        ["q16"] = FieldEncoding.Quantized16,
        ["q8"] = FieldEncoding.Quantized8,
    };

    private static readonly Dictionary<string, Delivery> Deliveries = new()
    {
        ["lossless"] = Delivery.Lossless,
        ["latest"] = Delivery.Latest,
        ["drop-oldest"] = Delivery.DropOldest,
        ["degrade"] = Delivery.Degrade,
    };

    private readonly Option<long?> _fromStep = NumberOption.Create<long>("--from-step", "N", "Begin with the state after this step. Default: now.").Fills("from_step").AtLeast(0);
    private readonly Option<string?> _token = new Option<string?>("--token") { Description = "Begin behind the message that brought this token, which --json prints.", HelpName = "TOKEN" }.Fills("resume_token");
    private readonly Option<int?> _every = NumberOption.Create<int>("--every", "N", "A frame after every N-th step: 1 to 1000000. Default: 1.").Fills("every_n_steps").Within(1, 1000000);
    private readonly Option<string?> _encoding = ChoiceOption.Create("--encoding", "How the fields are sent. Default: f64 for NPY files, f32 for pictures, else none.", Encodings.Keys).Fills("field_encoding");
    private readonly Option<int?> _deltas = NumberOption.Create<int>("--deltas", "N", "Send differences, and a whole field every N frames: 1 to 10000. Default: 1, whole fields.").Fills("key_frame_interval").Within(1, 10000);
    private readonly Option<int?> _downsample = NumberOption.Create<int>("--downsample", "N", "Send the means of N x N cells. Default: 1.").Fills("downsampling").AtLeast(1);
    private readonly Option<string?> _delivery = ChoiceOption.Create("--delivery", "What to do when this reads too slowly. Default: latest for a terminal, else lossless.", Deliveries.Keys).Fills("delivery");
    private readonly Option<int?> _backlog = NumberOption.Create<int>("--backlog", "N", "Frames that may wait on the server: 1 to 1024. Default: 16.").Fills("backlog_frames").Within(1, 1024);
    private readonly Option<string?> _species = SpeciesOption.Create("Species to watch, by symbol. Default: the first, or the potential.");
    private readonly PatternFeatureFlags _pattern = new("in each frame");
    private readonly Option<Region?> _region = new Option<Region?>("--region")
    {
        Description = "Part of the field to send. Default: all.",
        HelpName = "ROW,COLUMN,ROWS,COLUMNS",
        CustomParser = result =>
        {
            var parts = result.Tokens[0].Value.Split(',');
            var numbers = new int[4];
            if (parts.Length == numbers.Length && parts.Index().All(part => int.TryParse(part.Item, CultureInfo.InvariantCulture, out numbers[part.Index])))
            {
                return new Region { Row = numbers[0], Column = numbers[1], Rows = numbers[2], Columns = numbers[3] };
            }

            result.AddError($"--region must be ROW,COLUMN,ROWS,COLUMNS in whole numbers, but was '{result.Tokens[0].Value}'.");
            return null;
        },
    }.Fills("region");

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _species, _fromStep, _token, _every, _encoding, _deltas, _region, _downsample, _delivery, _backlog })
        {
            command.Add(option);
        }

        _pattern.AddTo(command);
    }

    /// <summary>The word that asks for an encoding; none for no field.</summary>
    public static string? WordOf(FieldEncoding encoding) => Encodings.FirstOrDefault(each => each.Value == encoding).Key;

    /// <summary>The request that the arguments describe; the encoding and the delivery are those to take if they name none.</summary>
    /// <exception cref="BadArgumentsException">They begin twice, or the token is none.</exception>
    public WatchRunRequest Read(ParseResult arguments, FieldEncoding encoding, Delivery delivery)
    {
        var request = new WatchRunRequest
        {
            FieldEncoding = arguments.GetValue(_encoding) is { } encodingName ? Encodings[encodingName] : encoding,
            Delivery = arguments.GetValue(_delivery) is { } deliveryName ? Deliveries[deliveryName] : delivery,
            Region = arguments.GetValue(_region),
            Statistics = true,
            PatternFeatures = _pattern.Read(arguments),
            Species = arguments.GetValue(_species) ?? "",
        };
        arguments.Apply(_every, value => request.EveryNSteps = value);
        arguments.Apply(_deltas, value => request.KeyFrameInterval = value);
        arguments.Apply(_downsample, value => request.Downsampling = value);
        arguments.Apply(_backlog, value => request.BacklogFrames = value);
        arguments.Apply(_fromStep, value => request.FromStep = value);
        if (arguments.GetValue(_token) is { } token)
        {
            request.ResumeToken = request.HasFromStep
                ? throw new BadArgumentsException("--from-step and --token exclude one another.")
                : Parse(token);
        }

        return request;
    }

    private static ByteString Parse(string token)
    {
        try
        {
            return ByteString.FromBase64(token);
        }
        catch (FormatException)
        {
            throw new BadArgumentsException($"--token must be a token that mfn run watch printed, but was '{token}'.");
        }
    }
}
