using System.Diagnostics;
using System.Globalization;
using System.Net;
using Grpc.Net.Client;
using Mfn.Contracts.V1;

namespace Mfn.Benchmarks.Watching;

/// <summary>How many steps a second a run takes with watchers and without, taking turns, and what memory they leave behind.</summary>
internal sealed class PaceMeasurement : IDisposable
{
    private const string WatchPath = "/mfn.v1.RunService/WatchRun";
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    private readonly IPEndPoint _address;
    private readonly ServerProcess _server;
    private readonly GrpcChannel _channel;
    private readonly RunService.RunServiceClient _runs;
    private readonly TimeSpan _time;

    private PaceMeasurement(Uri url, int serverId, TimeSpan time)
    {
        _address = new IPEndPoint(IPAddress.Parse(url.Host), url.Port);
        _server = new ServerProcess(serverId);
        _channel = GrpcChannel.ForAddress(url);
        _runs = new RunService.RunServiceClient(_channel);
        _time = time;
    }

    /// <summary>Measures one of the audiences, so many times.</summary>
    public static async Task RunAsync(string audience, Uri url, int serverId, double seconds, int rounds)
    {
        using var measurement = new PaceMeasurement(url, serverId, TimeSpan.FromSeconds(seconds));
        var (grid, pace, count, reads, request) = audience switch
        {
            "one" => (64, 1000.0, 1, true, (Func<int, WatchRunRequest>)(_ => Field(FieldEncoding.Float32))),
            "hundred" => (64, 200.0, 100, true, _ => Field(FieldEncoding.Float32)),
            "many" => (64, 100.0, 500, true, _ => Field(FieldEncoding.Float32)),
            "most" => (64, 10.0, 4096, true, _ => Field(FieldEncoding.Float32)),
            "regions" => (512, 20.0, 300, false, RegionOf),
            "features" => (256, 50.0, 40, true, _ => new WatchRunRequest { Features = new FeatureOptions(), Delivery = Delivery.DropOldest }),
            "unpaced" => (512, 0.0, 300, false, RegionOf),
            "unpaced-latest" => (64, 0.0, 1, false, _ => new WatchRunRequest { FieldEncoding = FieldEncoding.Float64, Delivery = Delivery.Latest }),
            _ => throw new ArgumentException($"There is no audience '{audience}'.", nameof(audience)),
        };
        for (var round = 0; round < rounds; round++)
        {
            await measurement.MeasureAsync(audience, grid, pace, count, reads, request);
        }

        static WatchRunRequest Field(FieldEncoding encoding) => new() { FieldEncoding = encoding, Delivery = Delivery.DropOldest, BacklogFrames = 64 };

        // All of the field but its last columns and rows, a different part each.
        static WatchRunRequest RegionOf(int index) => new()
        {
            FieldEncoding = FieldEncoding.Float64,
            Delivery = Delivery.DropOldest,
            BacklogFrames = 1024,
            Region = new Region { Rows = 512 - (index / 20), Columns = 512 - (index % 20) },
        };
    }

    public void Dispose() => _channel.Dispose();

    private async Task MeasureAsync(string audience, int grid, double pace, int count, bool reads, Func<int, WatchRunRequest> request)
    {
        var create = new CreateRunRequest { Spec = new SimulationSpec { GridSize = grid }, Stop = new StopCondition { Never = true } };
        if (pace > 0)
        {
            create.StepsPerSecond = pace;
        }

        var run = (await _runs.CreateRunAsync(create)).Run.RunId;
        try
        {
            var residentBefore = _server.ResidentBytes;
            await WaitAsync(Settling);
            var alone = await StepsAsync(run);
            (double PerSecond, double Processor) watched;
            long residentWatched;
            await using (await OpenAsync(run, count, reads, request))
            {
                await WaitAsync(Settling);
                watched = await StepsAsync(run);
                residentWatched = _server.ResidentBytes;
            }

            await WaitAsync(Settling);
            var aloneAgain = await StepsAsync(run);
            var before = (PerSecond: (alone.PerSecond + aloneAgain.PerSecond) / 2, Processor: (alone.Processor + aloneAgain.Processor) / 2);
            FormattableString line = $$"""
                {"measurement":"pace","audience":"{{audience}}","watchers":{{count}},"steps_per_second_alone":{{before.PerSecond:F1}},"steps_per_second_watched":{{watched.PerSecond:F1}},"ratio":{{watched.PerSecond / before.PerSecond:F4}},"step_microseconds_alone":{{before.Processor:F1}},"step_microseconds_watched":{{watched.Processor:F1}},"resident_before":{{residentBefore}},"resident_watched":{{residentWatched}},"resident_after":{{_server.ResidentBytes}}}
                """;
            Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
        }
        finally
        {
            await _runs.DeleteRunAsync(new DeleteRunRequest { RunId = run });
        }
    }

    private async Task<IAsyncDisposable> OpenAsync(string run, int count, bool reads, Func<int, WatchRunRequest> request)
    {
        WatchRunRequest Request(int index)
        {
            var watch = request(index);
            watch.RunId = run;
            return watch;
        }

        return reads
            ? await WatchPopulation.OpenAsync(count, _address, WatchPath, Request)
            : await SilentWatches.OpenAsync(count, _address, WatchPath, Request);
    }

    /// <summary>Steps a second, and microseconds of processor time of the threads that take them, a step.</summary>
    private async Task<(double PerSecond, double Processor)> StepsAsync(string run)
    {
        var (first, processor, started) = ((await _runs.GetRunAsync(new GetRunRequest { RunId = run })).Run.Step, _server.StepThreadsSeconds, Stopwatch.GetTimestamp());
        await WaitAsync(_time);
        var steps = (await _runs.GetRunAsync(new GetRunRequest { RunId = run })).Run.Step - first;
        return (steps / Stopwatch.GetElapsedTime(started).TotalSeconds, 1e6 * (_server.StepThreadsSeconds - processor) / Math.Max(1, steps));
    }

    private static Task WaitAsync(TimeSpan time) => Task.Delay(time, TimeProvider.System);

    /// <summary>Watches whose messages nobody reads.</summary>
    private sealed class SilentWatches(RawWatch[] watches) : IAsyncDisposable
    {
        public static async Task<SilentWatches> OpenAsync(int count, IPEndPoint address, string path, Func<int, WatchRunRequest> request)
        {
            var watches = new RawWatch[count];
            for (var i = 0; i < count; i++)
            {
                watches[i] = await RawWatch.OpenAsync(address, path, request(i), window: 64 * 1024, bufferSize: 32 * 1024);
            }

            return new SilentWatches(watches);
        }

        public ValueTask DisposeAsync()
        {
            Array.ForEach(watches, watch => watch.Dispose());
            return ValueTask.CompletedTask;
        }
    }
}
