using System.CommandLine;
using System.Globalization;
using Google.Protobuf;
using Mfn.Cli.Pictures;
using Mfn.Client;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary><c>mfn run watch</c>: shows a run as it evolves.</summary>
internal static class WatchCommand
{
    public const string Name = "watch";

    public const string Examples = """
        Examples:
          mfn run watch ID                                         draws the field; q quits
          mfn run watch ID --from-step 0 --every 10 --count 20 | cat
          mfn run watch ID --encoding q8 --deltas 100 --json
          mfn run watch ID --out frames --format png --range -90,-50
          mfn run watch ID --region 0,0,32,32 --downsample 2
          mfn run watch ID --token TOKEN

        On a terminal it draws the latest frame, without colours if NO_COLOR is set; elsewhere it prints a line an event. A broken connection is resumed.
        At the end it prints the token of the last event to standard error; --token goes on from there.
        Exit code: 0, 2 for bad arguments and unknown runs, 1 for a run that failed or a server that stayed away.
        """;

    public static Command Create()
    {
        var id = RunCommand.IdArgument();
        var frames = new WatchRequestOptions();
        var count = NumberOption.Create<long>("--count", "N", "Stop after N frames. Default: at the run's end.");
        var tries = NumberOption.Create<int>("--tries", "N", "Tries in a row to reach the server before giving up: at least 1. Default: 10.");
        var folder = new Option<string?>("--out") { Description = "Write each frame's field to a file in this folder.", HelpName = "FOLDER" };
        var format = new Option<string>("--format") { Description = "Write NPY files of doubles in volts, or PNG pictures. Default: npy.", HelpName = "npy|png", DefaultValueFactory = _ => "npy" };
        format.AcceptOnlyFromAmong("npy", "png");
        var range = RangeOption();
        var json = RunCommand.JsonOption("Print a JSON object an event.");
        var connection = ServerConnection.ToRunningServer();

        var command = new Command(Name, "Shows a run as it evolves.") { id };
        frames.AddTo(command);
        foreach (var option in new Option[] { count, tries, folder, format, range, json })
        {
            command.Add(option);
        }

        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var path = arguments.GetValue(folder);
            var asPictures = arguments.GetValue(format) == "png";
            var draws = !arguments.GetValue(json) && !Console.IsOutputRedirected;
            var encoding = path is not null && !asPictures ? FieldEncoding.Float64 : path is not null || draws ? FieldEncoding.Float32 : FieldEncoding.Unspecified;
            var request = frames.Read(arguments, arguments.GetRequiredValue(id), encoding, draws ? Delivery.Latest : Delivery.Lossless);
            var limit = arguments.GetValue(count) ?? long.MaxValue;
            var maxTries = arguments.GetValue(tries) ?? new WatchOptions().MaxTries;
            if (limit < 1 || maxTries < 1)
            {
                throw new BadArgumentsException($"{(limit < 1 ? $"--count must be at least 1, but was {limit}" : $"--tries must be at least 1, but was {maxTries}")}.");
            }

            var files = path is null ? null : new FrameFolder(path, asPictures, arguments.GetValue(range));
            return await connection.UseAsync(
                arguments,
                client => WatchAsync(client, request, maxTries, limit, CreateDisplay, files, cancellationToken),
                cancellationToken);

            IWatchDisplay CreateDisplay() => draws
                ? new TerminalDisplay(new TerminalView(arguments.GetValue(range), string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))))
                : new LineDisplay(arguments.GetValue(json));
        });
        return command;
    }

    private static async Task<int> WatchAsync(
        MfnClient client, WatchRunRequest request, int maxTries, long limit, Func<IWatchDisplay> createDisplay, FrameFolder? files, CancellationToken cancellationToken)
    {
        var token = ByteString.Empty;
        var count = 0L;
        try
        {
            await using var display = createDisplay();
            using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, display.Closed);
            try
            {
                await foreach (var told in client.Runs.WatchAsync(request, Options(display, maxTries), leaving.Token))
                {
                    display.Show(told);
                    if (told is FrameEvent frame)
                    {
                        files?.Write(frame);
                        count++;
                    }

                    token = told.Position.Token;
                    if (told is EndEvent { Reason: EndReason.Failed })
                    {
                        return ExitCode.Failure;
                    }

                    if (count == limit)
                    {
                        break;
                    }
                }
            }
            catch (OperationCanceledException) when (leaving.IsCancellationRequested)
            {
                // The user has seen enough.
            }

            return ExitCode.Success;
        }
        finally
        {
            // The terminal is as it was again.
            if (!token.IsEmpty)
            {
                await Console.Error.WriteLineAsync($"--token {token.ToBase64()}");
            }
        }
    }

    private static WatchOptions Options(IWatchDisplay display, int maxTries) => new()
    {
        MaxTries = maxTries,
        Reconnecting = (error, delay) => display.ShowTrouble(string.Create(
            CultureInfo.InvariantCulture, $"{WireName.Of(error.StatusCode)}: {error.Status.Detail} Trying again in {delay.TotalSeconds:0.0} s.")),
    };

    private static Option<ColorRange?> RangeOption() => new("--range")
    {
        Description = "Potentials in mV of the first and the last colour. Default: each frame's least and greatest.",
        HelpName = "LOW,HIGH",
        CustomParser = result =>
        {
            var parts = result.Tokens[0].Value.Split(',');
            if (parts.Length == 2
                && double.TryParse(parts[0], CultureInfo.InvariantCulture, out var low)
                && double.TryParse(parts[1], CultureInfo.InvariantCulture, out var high)
                && low < high)
            {
                return new ColorRange(low / 1000, high / 1000);
            }

            result.AddError($"--range must be LOW,HIGH in mV with LOW below HIGH, but was '{result.Tokens[0].Value}'.");
            return null;
        },
    };
}
