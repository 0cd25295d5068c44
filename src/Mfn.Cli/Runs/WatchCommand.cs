using System.CommandLine;
using System.Globalization;
using System.Numerics;
using Google.Protobuf;
using Grpc.Core;
using Mfn.Cli.Flags;
using Mfn.Cli.Frames;
using Mfn.Cli.Output;
using Mfn.Cli.Pictures;
using Mfn.Cli.Terminals;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary><c>mfn run watch</c>: shows a run as it evolves.</summary>
internal sealed class WatchCommand
{
    public const string Name = "watch";

    public const string Examples = """
        Examples:
          mfn run watch ID                                         draws the field; ? shows the keys, q quits
          mfn run watch ID --from-step 0 --every 10 --count 20 | cat
          mfn run watch ID --encoding q8 --deltas 100 --json
          mfn run watch ID --out frames --format png --scale 4 --colorbar
          mfn run watch ID --count 100 --out history.npy
          mfn run watch ID --species v --every 100 --out frames --format png --colorbar
          mfn run watch ID --region 0,0,32,32 --downsample 2
          mfn run watch ID --resume position                       goes on where it ended the last time

        On a terminal it draws the latest frame, in shades of characters if NO_COLOR is set. Keys: space pauses the run or lets it go on, s takes a step, + and -
        change its pace, arrows move a cursor and i adds 20 mV there, r fixes the colour range, z and Z zoom, ? shows the keys, q quits. Elsewhere it prints a line an event,
        with --json and -o jsonl an object, whose token --token goes on from. A broken connection is resumed. It ends when the run does, or when nobody reads it.
        Exit code: 0, 2 for bad arguments and unknown runs, 1 for a run that failed or a server that stayed away.
        """;

    private readonly Argument<string> _id = RunCommand.IdArgument();
    private readonly WatchRequestOptions _frames = new();
    private readonly Option<long?> _count = NumberOption.Create<long>("--count", "N", "Stop after N frames. Default: at the run's end.").AtLeast(1);
    private readonly Option<double?> _patience = NumberOption.Create<double>(
        "--patience", "SECONDS", "How long the server may be away before giving up: 0, for a single try, to 86400. Default: 300.").Within(0, 86_400);
    private readonly Option<string?> _resume = new("--resume") { Description = "File that keeps the position: begin behind it if it is there, and keep it there at the end.", HelpName = "FILE" };
    private readonly WatchOutputOptions _outputs = new();
    private readonly OutputOptions _answers = new("A JSON object an event");
    private readonly ServerConnection _connection = ServerConnection.ToRunningServer();

    private WatchCommand()
    {
    }

    public static Command Create()
    {
        var watch = new WatchCommand();
        var command = new Command(Name, "Shows a run as it evolves.") { watch._id };
        watch._frames.AddTo(command);
        foreach (var option in new Option[] { watch._count, watch._patience, watch._resume })
        {
            command.Add(option);
        }

        watch._outputs.AddTo(command);
        watch._answers.AddTo(command);
        watch._connection.AddTo(command);
        command.SetAction(watch.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var answer = _answers.Open(arguments);
        var terminal = answer.IsJson || Console.IsOutputRedirected ? default : TerminalKind.Current;
        var encoding = _outputs.Encoding(arguments) ?? (terminal.CanMove ? FieldEncoding.Float32 : FieldEncoding.Unspecified);
        var delivery = terminal.CanMove && _outputs.Encoding(arguments) is null ? Delivery.Latest : Delivery.Lossless;
        var request = _frames.Read(arguments, encoding, delivery);
        var position = RequireUsable(arguments, request, terminal.CanMove);
        if (position?.Read() is { } token)
        {
            request.ResumeToken = token;
        }

        var reference = arguments.GetRequiredValue(_id);
        var texts = new PictureTexts(reference);
        using var files = _outputs.Open(arguments, request, texts);
        return await _connection.UseAsync(
            arguments,
            answer,
            async client =>
            {
                request.RunId = await RunReference.ResolveAsync(client, reference, cancellationToken);
                var run = terminal.CanMove || _outputs.WritesPictures(arguments) ? await FindAsync(client.Runs, request.RunId, cancellationToken) : null;
                (texts.RunId, texts.Spec) = (request.RunId, run?.Spec);
                var patience = arguments.GetValue(_patience) is { } seconds ? TimeSpan.FromSeconds(seconds) : new WatchOptions().Patience;
                var session = new WatchSession(client.Runs, request, patience, arguments.GetValue(_count) ?? long.MaxValue, files, run?.Spec);
                return await session.RunAsync(CreateDisplay, (last, token, written) => Finish(arguments, answer, last, token, written, position), cancellationToken);

                IWatchDisplay CreateDisplay() => terminal.CanMove
                    ? TerminalDisplay.Create(client.Runs, request, run, terminal, _outputs.Range(arguments) ?? RangeRule.Each, canCut: files is null)
                    : new LineDisplay(answer);
            },
            cancellationToken);
    }

    // Also the file that keeps the position.
    private PositionFile? RequireUsable(ParseResult arguments, WatchRunRequest request, bool draws)
    {
        var problems = new List<string>();
        _outputs.RequireUsable(arguments, draws, problems);
        RequireAtLeastOne(_count);
        if (arguments.GetValue(_patience) is { } seconds and not (>= 0 and <= 86400))
        {
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"{_patience.Name} must be between 0 and 86400, but was {seconds}."));
        }

        if (arguments.IsGiven(_resume) && request.StartCase != WatchRunRequest.StartOneofCase.None)
        {
            problems.Add("--resume excludes --from-step and --token.");
        }

        BadArgumentsException.ThrowIfAny(problems);
        return arguments.GetValue(_resume) is { } file ? new PositionFile(OutputFile.Check(_resume.Name, file)) : null;

        void RequireAtLeastOne<T>(Option<T?> option)
            where T : struct, INumber<T>
        {
            if (arguments.GetValue(option) is { } value && value < T.One)
            {
                problems.Add(string.Create(CultureInfo.InvariantCulture, $"{option.Name} must be at least 1, but was {value}."));
            }
        }
    }

    // The terminal is as it was again.
    private void Finish(ParseResult arguments, Answer answer, WatchEvent? last, ByteString token, string? written, PositionFile? file)
    {
        if (written is not null)
        {
            answer.Note(written);
        }

        if (last is null)
        {
            return;
        }

        if (!token.IsEmpty)
        {
            file?.Write(token);
        }

        if (last is not EndEvent)
        {
            var position = file is null || token.IsEmpty ? $"--from-step {last.Position.Step}" : $"--resume {file.Path}";
            answer.Note($"ended behind step {last.Position.Step}; go on: mfn run watch {arguments.GetRequiredValue(_id)} {position}{_connection.Repeat(arguments)}");
        }
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
