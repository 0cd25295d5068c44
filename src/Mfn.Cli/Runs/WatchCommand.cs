using System.CommandLine;
using Grpc.Core;
using Mfn.Cli.Frames;
using Mfn.Cli.Pictures;
using Mfn.Cli.Terminals;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary><c>mfn run watch</c>: shows a run as it evolves.</summary>
internal static class WatchCommand
{
    public const string Name = "watch";

    public const string Examples = """
        Examples:
          mfn run watch ID                                         draws the field; ? shows the keys, q quits
          mfn run watch ID --from-step 0 --every 10 --count 20 | cat
          mfn run watch ID --encoding q8 --deltas 100 --json
          mfn run watch ID --out frames --format png --scale 4 --colorbar
          mfn run watch ID --count 100 --out history.npy
          mfn run watch ID --region 0,0,32,32 --downsample 2
          mfn run watch ID --token TOKEN

        On a terminal it draws the latest frame, in shades of characters if NO_COLOR is set. Keys: space pauses the run or lets it go on, s takes a step, + and -
        change its pace, arrows move a cursor and i adds 20 mV there, r fixes the colour range, z and Z zoom, ? shows the keys, q quits. Elsewhere it prints a line an event.
        A broken connection is resumed. At the end it prints the token of the last event to standard error; --token goes on from there.
        Exit code: 0, 2 for bad arguments and unknown runs, 1 for a run that failed or a server that stayed away.
        """;

    public static Command Create()
    {
        var id = RunCommand.IdArgument();
        var frames = new WatchRequestOptions();
        var count = NumberOption.Create<long>("--count", "N", "Stop after N frames. Default: at the run's end.");
        var tries = NumberOption.Create<int>("--tries", "N", "Tries in a row to reach the server before giving up: at least 1. Default: 10.");
        var outputs = new WatchOutputOptions();
        var json = RunCommand.JsonOption("Print a JSON object an event.");
        var connection = ServerConnection.ToRunningServer();

        var command = new Command(Name, "Shows a run as it evolves.") { id };
        frames.AddTo(command);
        foreach (var option in new Option[] { count, tries, json })
        {
            command.Add(option);
        }

        outputs.AddTo(command);
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var terminal = arguments.GetValue(json) || Console.IsOutputRedirected ? default : TerminalKind.Current;
            var encoding = outputs.Encoding(arguments) ?? (terminal.CanMove ? FieldEncoding.Float32 : FieldEncoding.Unspecified);
            var delivery = terminal.CanMove && outputs.Encoding(arguments) is null ? Delivery.Latest : Delivery.Lossless;
            var request = frames.Read(arguments, arguments.GetRequiredValue(id), encoding, delivery);
            var limit = arguments.GetValue(count) ?? long.MaxValue;
            var maxTries = arguments.GetValue(tries) ?? new WatchOptions().MaxTries;
            if (limit < 1 || maxTries < 1)
            {
                throw new BadArgumentsException($"{(limit < 1 ? $"--count must be at least 1, but was {limit}" : $"--tries must be at least 1, but was {maxTries}")}.");
            }

            var texts = new PictureTexts(request.RunId);
            using var files = outputs.Open(arguments, request, texts);
            return await connection.UseAsync(
                arguments,
                async client =>
                {
                    var run = terminal.CanMove || outputs.WritesPictures(arguments) ? await FindAsync(client.Runs, request.RunId, cancellationToken) : null;
                    texts.Spec = run?.Spec;
                    return await new WatchSession(client.Runs, request, maxTries, limit, files).RunAsync(CreateDisplay, cancellationToken);

                    IWatchDisplay CreateDisplay() => terminal.CanMove
                        ? TerminalDisplay.Create(client.Runs, request, run, terminal, outputs.Range(arguments) ?? RangeRule.Each, canCut: files is null)
                        : new LineDisplay(arguments.GetValue(json));
                },
                cancellationToken);
        });
        return command;
    }

    // Watching tries again and tells of it if the server is away; if the run is, that is known now.
    private static async Task<Run?> FindAsync(RunClient runs, string runId, CancellationToken cancellationToken)
    {
        try
        {
            return await runs.GetAsync(runId, cancellationToken);
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.Unavailable)
        {
            return null;
        }
    }
}
