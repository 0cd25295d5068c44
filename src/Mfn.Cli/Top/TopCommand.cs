using System.CommandLine;
using System.Globalization;
using Grpc.Core;
using Mfn.Cli.Flags;
using Mfn.Cli.Output;
using Mfn.Cli.Runs;
using Mfn.Cli.Terminals;

namespace Mfn.Cli.Top;

/// <summary><c>mfn top</c>: what a server does, again and again.</summary>
internal sealed class TopCommand
{
    public const string Name = "top";

    public const string Examples = """
        Examples:
          mfn top                                     m shows methods, s sorts, ? shows the keys, q quits
          mfn top --server https://lab.example:50051 --metrics http://lab.example:9464
          mfn top --once                              figures of one interval, and the runs
          mfn top --once --json
          mfn top --interval 10 --count 6 -o jsonl    a JSON object every ten seconds, for a minute
          mfn top --interval 5 | tee load.txt         a line every five seconds

        The figures are from the server's metrics (Metrics:Url), the runs from the server itself, which needs the permission to see them. A server that goes away is
        tried again. Rates and 99th percentiles are of the last interval. Exit code: 0, 1 if there is no server or there are no metrics at first.
        """;

    private const double DefaultInterval = 2;
    private const int MetricsPort = 9464;

    private readonly Option<Uri?> _metrics = UrlOption.Create("--metrics", $"Where the server's metrics are. Default: http://, the server's host and port {MetricsPort}.");
    private readonly Option<double?> _interval = NumberOption.Create<double>("--interval", "SECONDS", "Look every so many seconds: 0.1 to 3600. Default: 2.").Within(0.1, 3600);
    private readonly Option<long?> _count = NumberOption.Create<long>("--count", "N", "Stop after N intervals. Default: never.").AtLeast(1);
    private readonly Option<bool> _once = new("--once") { Description = "Tell of one interval, and stop." };
    private readonly Option<string?> _sort = ChoiceOption.Create("--sort", $"What runs are sorted by, the most first. Default: {TopTable.RunOrders[0]}, steps a second.", [.. TopTable.RunOrders]);
    private readonly OutputOptions _answers = new("A JSON object an interval");
    private readonly ServerConnection _connection = ServerConnection.ToRunningServer();

    private TopCommand()
    {
    }

    public static Command Create()
    {
        var top = new TopCommand();
        var command = new Command(Name, "Shows what a server does: calls, runs, watchers, memory.") { top._metrics, top._interval, top._count, top._once, top._sort };
        top._answers.AddTo(command);
        top._connection.AddTo(command);
        command.SetAction(top.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var answer = _answers.Open(arguments);
        RequireUsable(arguments);
        var server = _connection.AddressOf(arguments);
        var metrics = arguments.GetValue(_metrics) ?? new UriBuilder(Uri.UriSchemeHttp, server.Host, MetricsPort).Uri;
        var interval = TimeSpan.FromSeconds(arguments.GetValue(_interval) ?? DefaultInterval);
        var order = arguments.GetValue(_sort) ?? TopTable.RunOrders[0];
        var isOnce = arguments.GetValue(_once);
        var terminal = isOnce || answer.IsJson || Console.IsOutputRedirected ? default : TerminalKind.Current;
        return await _connection.UseAsync(
            arguments,
            answer,
            async client =>
            {
                using var probe = new ServerProbe(client, metrics);
                answer.Trace($"metrics {metrics}");
                var count = isOnce ? 1 : arguments.GetValue(_count) ?? long.MaxValue;
                try
                {
                    // A wrong address is told before anything is drawn.
                    var first = await probe.LookAsync(cancellationToken);
                    await (terminal.CanMove
                        ? DrawAsync(probe, first, new TopView(server.OriginalString, order), terminal, interval, count, cancellationToken)
                        : WriteAsync(probe, first, answer, interval, count, isOnce ? sight => WriteTable(answer, sight.Now, sight.Before, order) : null, cancellationToken));
                }
                catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested && !StandardOutput.IsClosed() && !isOnce)
                {
                    // The user has seen enough.
                }

                return ExitCode.Success;
            },
            cancellationToken);
    }

    private void RequireUsable(ParseResult arguments)
    {
        var problems = new List<string>();
        if (arguments.GetValue(_interval) is { } seconds and not (>= 0.1 and <= 3600))
        {
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"{_interval.Name} must be between 0.1 and 3600, but was {seconds}."));
        }

        if (arguments.GetValue(_count) is { } count and < 1)
        {
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"{_count.Name} must be at least 1, but was {count}."));
        }

        if (arguments.GetValue(_once) && arguments.IsGiven(_count))
        {
            problems.Add("--once and --count exclude one another.");
        }

        BadArgumentsException.ThrowIfAny(problems);
    }

    private static async Task DrawAsync(ServerProbe probe, ServerSight first, TopView view, TerminalKind terminal, TimeSpan interval, long count, CancellationToken cancellationToken)
    {
        using var display = new TopDisplay(view, terminal, interval);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, display.Closed);
        display.Show(first);
        try
        {
            for (var i = 0L; i < count; i++)
            {
                await display.DrawAsync(leaving.Token);
                await LookAsync(probe, display.Show, reason => display.ShowTrouble(reason, TimeProvider.System.GetUtcNow() + display.Interval), leaving.Token);
            }
        }
        catch (OperationCanceledException) when (display.Closed.IsCancellationRequested)
        {
            // The user has seen enough.
        }
    }

    /// <summary>Tells of one interval after the other.</summary>
    /// <param name="probe">Looks.</param>
    /// <param name="before">What was seen first.</param>
    /// <param name="answer">Where to.</param>
    /// <param name="interval">The time between.</param>
    /// <param name="count">How many.</param>
    /// <param name="write">Writes the only one; null for an event each.</param>
    /// <param name="cancellationToken">Ends it.</param>
    private static async Task WriteAsync(
        ServerProbe probe, ServerSight before, Answer answer, TimeSpan interval, long count, Action<(ServerSight Now, ServerSight Before)>? write, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(interval);
        for (var i = 0L; i < count; i++)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
            if (write is not null)
            {
                write((await probe.LookAsync(cancellationToken), before));
                return;
            }

            await LookAsync(
                probe,
                now =>
                {
                    var load = now.LoadSince(before);
                    answer.WriteEvent(() => TopReport.ToJson(now.Time, load, now.RunsSince(before), now.RunProblem), () => TopReport.ToLine(now.Time, load));
                    before = now;
                },
                reason => answer.WriteEvent(
                    () => TopReport.ToJson(TimeProvider.System.GetUtcNow(), reason), () => $"{TimeProvider.System.GetUtcNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture)}  server away: {reason}"),
                cancellationToken);
        }
    }

    private static void WriteTable(Answer answer, ServerSight now, ServerSight before, string order)
    {
        var load = now.LoadSince(before);
        var runs = now.RunsSince(before) is { } all ? TopTable.Sort(all, order, isReversed: false) : null;
        answer.Write(TopReport.ToJson(now.Time, load, runs, now.RunProblem), writer =>
        {
            foreach (var (about, facts) in TopReport.Lines(load))
            {
                writer.WriteLine($"{about,-9}  {string.Join("  ", facts.Where(fact => fact.Length > 0))}");
            }

            writer.WriteLine();
            if (runs is not null)
            {
                TextTable.Write(writer, runs, TopTable.RunColumns(answer.IsWide ? int.MaxValue : RunReport.ShortestIdLength([.. runs.Select(each => each.Run)])), answer.IsWide);
                writer.WriteLine();
            }

            TextTable.Write(writer, TopTable.Sort(load.Methods, TopTable.MethodOrders[0], isReversed: false), TopTable.MethodColumns, answer.IsWide);
        });
        if (!answer.IsJson && runs is null)
        {
            answer.Note($"no runs: {now.RunProblem}");
        }
    }

    /// <summary>Looks, and tells what was seen, or why nothing was.</summary>
    private static async Task LookAsync(ServerProbe probe, Action<ServerSight> show, Action<string> showTrouble, CancellationToken cancellationToken)
    {
        ServerSight sight;
        try
        {
            sight = await probe.LookAsync(cancellationToken);
        }
        catch (RpcException error) when (!cancellationToken.IsCancellationRequested)
        {
            showTrouble($"{WireName.Of(error.StatusCode)}: {error.Status.Detail}");
            return;
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.Cancelled)
        {
            throw new OperationCanceledException(error.Message, error, cancellationToken);
        }
        catch (IOException error)
        {
            showTrouble(error.Message);
            return;
        }

        show(sight);
    }
}
