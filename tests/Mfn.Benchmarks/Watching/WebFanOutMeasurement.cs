using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Google.Protobuf;
using Grpc.Net.Client;
using Mfn.Contracts.V1;

namespace Mfn.Benchmarks.Watching;

/// <summary>
/// What a WebSocket costs beside gRPC: watchers of a run of 64² cells in f32, each on its own connection, taking turns on one server. At 20 frames a second, how long a frame
/// takes to its watcher from when the first of all watchers had it; as fast as the server can, how many bytes a second; and what an idle watcher holds.
/// </summary>
internal sealed class WebFanOutMeasurement : IDisposable
{
    private const int GridSize = 64;
    private const double FramesPerSecond = 20;
    private const double GreatestPace = 400;
    private const int Backlog = 64;
    private const string WatchPath = "/mfn.v1.RunService/WatchRun";

    private static readonly string[] Kinds = ["grpc", "websocket"];
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SettlingTime = TimeSpan.FromSeconds(15);

    private readonly int _count;
    private readonly Process _process;
    private readonly ServerProcess _server;
    private readonly IPEndPoint _grpc;
    private readonly IPEndPoint _web;
    private readonly GrpcChannel _channel;
    private readonly RunService.RunServiceClient _runs;

    private WebFanOutMeasurement(int count, Process process, Uri url, int webPort)
    {
        _count = count;
        _process = process;
        _server = new ServerProcess(process.Id);
        _grpc = new IPEndPoint(IPAddress.Parse(url.Host), url.Port);
        _web = new IPEndPoint(IPAddress.Loopback, webPort);
        _channel = GrpcChannel.ForAddress(url);
        _runs = new RunService.RunServiceClient(_channel);
    }

    /// <param name="server">The path of mfn.dll.</param>
    /// <param name="count">How many watchers.</param>
    /// <param name="seconds">How long each kind is watched, in six turns.</param>
    public static async Task RunAsync(string server, int count, double seconds)
    {
        const int Turns = 6;
        foreach (var kind in Kinds)
        {
            using var idle = await StartAsync(server, count);
            await idle.MeasureIdleAsync(kind);
        }

        using var measurement = await StartAsync(server, count);
        var delays = Kinds.ToDictionary(kind => kind, _ => new List<double>());
        var missing = Kinds.ToDictionary(kind => kind, _ => 0L);
        var rates = Kinds.ToDictionary(kind => kind, _ => new List<double>());
        for (var turn = 0; turn < Turns; turn++)
        {
            foreach (var kind in turn % 2 == 0 ? Kinds : Kinds.Reverse())
            {
                missing[kind] += await measurement.MeasureDelaysAsync(kind, TimeSpan.FromSeconds(seconds / Turns), delays[kind]);
                rates[kind].Add(await measurement.MeasureRateAsync(kind));
            }
        }

        foreach (var kind in Kinds)
        {
            delays[kind].Sort();
            Write($$"""
                {"measurement":"web-fan-out","kind":"{{kind}}","watchers":{{count}},"frames":{{delays[kind].Count}},"frames_missing":{{missing[kind]}},"ms_p50":{{Quantile(delays[kind], 0.5):F2}},"ms_p99":{{Quantile(delays[kind], 0.99):F2}},"ms_p999":{{Quantile(delays[kind], 0.999):F2}},"ms_max":{{delays[kind][^1]:F2}},"bytes_per_second":{{Median(rates[kind]):F0}}}
                """);
        }

        var ratios = rates["websocket"].Zip(rates["grpc"], (socket, grpc) => socket / grpc).Order().ToList();
        Write($$"""{"measurement":"web-fan-out-ratio","bytes_per_second":{{Median(ratios):F3}},"least":{{ratios[0]:F3}},"most":{{ratios[^1]:F3}}}""");
    }

    public void Dispose()
    {
        _channel.Dispose();
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static async Task<WebFanOutMeasurement> StartAsync(string server, int count)
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var webPort = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        var start = new ProcessStartInfo("dotnet", [server, "serve", "--urls", "http://127.0.0.1:0"]) { RedirectStandardOutput = true };
        start.Environment["MFN_Metrics__Url"] = "off";
        start.Environment["MFN_Web__Url"] = $"http://127.0.0.1:{webPort}";
        start.Environment["MFN_Logging__LogLevel__Default"] = "None";
        var process = Process.Start(start)!;
        var line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The server has ended.");
        return new WebFanOutMeasurement(count, process, new Uri(line["Listening on ".Length..]), webPort);
    }

    private async Task MeasureIdleAsync(string kind) => await WithRunAsync(pace: null, async run =>
    {
        // What the first of its kind takes is not for each.
        await using (await OpenAsync(kind, run, Delivery.Lossless, 50))
        {
        }

        await Task.Delay(SettlingTime, TimeProvider.System);
        var before = _server.ResidentBytes;
        await using var population = await OpenAsync(kind, run, Delivery.Lossless, _count);
        await Task.Delay(SettlingTime, TimeProvider.System);
        var after = _server.ResidentBytes;
        Write($$"""{"measurement":"web-fan-out-idle","kind":"{{kind}}","watchers":{{_count}},"resident_before":{{before}},"resident_after":{{after}},"resident_each":{{(after - before) / _count}}}""");
    });

    /// <summary>Adds each frame's milliseconds; returns how many frames are missing.</summary>
    private async Task<long> MeasureDelaysAsync(string kind, TimeSpan time, List<double> delays)
    {
        var watches = Enumerable.Range(0, _count).Select(_ => new Arrivals()).ToArray();
        await WithRunAsync(FramesPerSecond, async run =>
        {
            await using var population = await OpenAsync(kind, run, Delivery.Lossless, _count, (index, message) => watches[index].Add(message));
            await Task.Delay(WarmUp, TimeProvider.System);
            foreach (var watch in watches)
            {
                watch.Begin();
            }

            await Task.Delay(time, TimeProvider.System);
            foreach (var watch in watches)
            {
                watch.End();
            }
        });

        // A frame is published just before any watcher has it.
        var published = watches.SelectMany(watch => watch.Frames).GroupBy(frame => frame.Step).ToDictionary(group => group.Key, group => group.Min(frame => frame.Time));
        delays.AddRange(watches.SelectMany(watch => watch.Frames).Select(frame => Stopwatch.GetElapsedTime(published[frame.Step], frame.Time).TotalMilliseconds));
        return watches.Sum(watch => watch.MissingCount);
    }

    private async Task<double> MeasureRateAsync(string kind)
    {
        var rate = 0.0;
        await WithRunAsync(GreatestPace, async run =>
        {
            await using var population = await OpenAsync(kind, run, Delivery.DropOldest, _count);
            await Task.Delay(WarmUp, TimeProvider.System);
            var (bytes, started) = (population.ByteCount, Stopwatch.GetTimestamp());
            await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
            rate = (population.ByteCount - bytes) / Stopwatch.GetElapsedTime(started).TotalSeconds;
        });
        return rate;
    }

    private Task<WatchPopulation> OpenAsync(string kind, string run, Delivery delivery, int count, Action<int, ReadOnlyMemory<byte>>? onMessage = null)
    {
        var request = new WatchRunRequest { RunId = run, FieldEncoding = FieldEncoding.Float32, Delivery = delivery, BacklogFrames = Backlog };
        var path = $"/v1/runs/{run}/watch?field_encoding=2&delivery={(int)delivery}&backlog_frames={Backlog}";
        return kind == "grpc"
            ? WatchPopulation.OpenAsync(count, _grpc, WatchPath, _ => request, onMessage)
            : WatchPopulation.OpenAsync(count, _ => RawSocketWatch.OpenAsync(_web, path, "mfn.v1.protobuf", WatchPopulation.BufferSize(count)), onMessage);
    }

    private async Task WithRunAsync(double? pace, Func<string, Task> measureAsync)
    {
        var request = new CreateRunRequest { Spec = new SimulationSpec { GridSize = GridSize }, Stop = new StopCondition { Never = true }, Paused = pace is null };
        if (pace is { } stepsPerSecond)
        {
            request.StepsPerSecond = stepsPerSecond;
        }

        var run = (await _runs.CreateRunAsync(request)).Run.RunId;
        try
        {
            await measureAsync(run);
        }
        finally
        {
            await _runs.DeleteRunAsync(new DeleteRunRequest { RunId = run });
        }
    }

    private static double Median(List<double> values) => Quantile([.. values.Order()], 0.5);

    private static double Quantile(List<double> sorted, double part) => sorted[Math.Min(sorted.Count - 1, (int)(part * sorted.Count))];

    private static void Write(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    /// <summary>When the frames of a watcher came, and whether all did.</summary>
    private sealed class Arrivals
    {
        private readonly Lock _lock = new();
        private bool _isOn;
        private long? _last;

        public List<(long Step, long Time)> Frames { get; } = [];

        public long MissingCount { get; private set; }

        public void Add(ReadOnlyMemory<byte> message)
        {
            var now = Stopwatch.GetTimestamp();
            if (message.Length < 1024)
            {
                return;
            }

            var step = StepOf(message);
            lock (_lock)
            {
                MissingCount += _last is { } last ? step - last - 1 : 0;
                _last = step;
                if (_isOn)
                {
                    Frames.Add((step, now));
                }
            }
        }

        public void Begin() => Set(true);

        public void End() => Set(false);

        private void Set(bool isOn)
        {
            lock (_lock)
            {
                _isOn = isOn;
            }
        }

        // The first fields are the epoch, the sequence and the step.
        private static long StepOf(ReadOnlyMemory<byte> message)
        {
            var input = new CodedInputStream(message[..64].ToArray());
            while (true)
            {
                switch (WireFormat.GetTagFieldNumber(input.ReadTag()))
                {
                    case WatchRunResponse.EpochFieldNumber:
                        input.ReadFixed64();
                        break;
                    case WatchRunResponse.SequenceFieldNumber:
                        input.ReadInt64();
                        break;
                    case WatchRunResponse.StepFieldNumber:
                        return input.ReadInt64();
                    default:
                        return 0;
                }
            }
        }
    }
}
