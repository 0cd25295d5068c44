using System.Diagnostics;
using System.Globalization;
using System.Net;
using Grpc.Net.Client;
using Mfn.Benchmarks.Peers;
using Mfn.Contracts.V1;

namespace Mfn.Benchmarks.Watching;

/// <summary>What the script `fan-out` measures from outside the server: each writes one JSON object a line.</summary>
internal sealed class WatchMeasurements : IDisposable
{
    private const string WatchPath = "/mfn.v1.RunService/WatchRun";
    private const string EmptyPath = "/peer.EmptySimulation/StreamSimulation";
    private const int GridSize = 64;

    // Frames a second to all watchers together that any machine delivers, and how the guesses of the greatest pace go on from there.
    private const double FirstGuess = 4000;
    private const double GuessRatio = 1.4;
    private const double LeastDelivered = 0.9;
    private const int MostMissed = 2;

    // A run takes the steps of a timer's interval together: their frames must find room.
    private const int Backlog = 64;
    private static readonly TimeSpan GuessTime = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);

    private readonly IPEndPoint _address;
    private readonly ServerProcess _server;
    private readonly GrpcChannel _channel;
    private readonly RunService.RunServiceClient _runs;

    private WatchMeasurements(Uri url, int serverId)
    {
        _address = new IPEndPoint(IPAddress.Parse(url.Host), url.Port);
        _server = new ServerProcess(serverId);
        _channel = GrpcChannel.ForAddress(url);
        _runs = new RunService.RunServiceClient(_channel);
    }

    public static async Task RunAsync(string measurement, Uri url, int serverId, string[] numbers)
    {
        using var measurements = new WatchMeasurements(url, serverId);
        var values = numbers.Select(number => double.Parse(number, CultureInfo.InvariantCulture)).ToArray();
        switch (measurement, values)
        {
            case ("rate", [var count, var seconds]):
                await measurements.MeasureRateAsync((int)count, TimeSpan.FromSeconds(seconds));
                break;
            case ("empty", [var count, var seconds]):
                await measurements.MeasureEmptyAsync((int)count, TimeSpan.FromSeconds(seconds));
                break;
            case ("idle", [var count, var collects]):
                await measurements.MeasureIdleAsync((int)count, collects > 0);
                break;
            case ("reconnect", [var count, var stepsPerSecond]):
                await measurements.MeasureReconnectionAsync((int)count, stepsPerSecond);
                break;
            case ("slow", [var count, var load, var seconds, var rounds]):
                await measurements.MeasureSlowAsync((int)count, load, TimeSpan.FromSeconds(seconds), (int)rounds);
                break;
            default:
                throw new ArgumentException($"There is no measurement '{measurement}' of {values.Length} numbers.", nameof(measurement));
        }
    }

    public void Dispose() => _channel.Dispose();

    /// <summary>To so many watchers, of a run a little faster than they can be served.</summary>
    private async Task MeasureRateAsync(int count, TimeSpan time)
    {
        var greatest = await FindGreatestPaceAsync(count);
        var pace = 1.1 * greatest;
        await WithRunAsync(pace, async run =>
        {
            await using var population = await OpenAsync(count, run);
            var rate = await MeasureAsync(population, time);
            Write($$"""
                {"measurement":"rate","watchers":{{count}},"steps_per_second":{{pace:F1}},"bytes_per_second":{{rate.BytesPerSecond:F0}},"frames_per_second":{{rate.FieldsPerSecond:F0}},"server_seconds_per_gb":{{rate.SecondsPerGigabyte:F3}}}
                """);
        });
    }

    /// <summary>The same bytes from a handler that computes nothing.</summary>
    private async Task MeasureEmptyAsync(int count, TimeSpan time)
    {
        var request = new StreamSimulationRequest
        {
            Spec = new SimulationSpec { GridSize = GridSize, Steps = int.MaxValue },
            FieldEncoding = FieldEncoding.Float32,
        };
        await using var population = await WatchPopulation.OpenAsync(count, _address, EmptyPath, _ => request);
        await MeasureAsync(population, WarmUp);
        var rate = await MeasureAsync(population, time);
        Write($$"""
            {"measurement":"empty","watchers":{{count}},"bytes_per_second":{{rate.BytesPerSecond:F0}},"frames_per_second":{{rate.FieldsPerSecond:F0}},"server_seconds_per_gb":{{rate.SecondsPerGigabyte:F3}}}
            """);
    }

    /// <summary>What the server takes for each watcher of a paused run.</summary>
    private async Task MeasureIdleAsync(int count, bool collects)
    {
        var peer = new Peer.PeerClient(_channel);
        await WithRunAsync(pace: null, async run =>
        {
            // What the first of its kind takes is not for each.
            await using (await OpenAsync(50, run))
            {
            }

            var before = await MemoryAsync();
            await using var population = await OpenAsync(count, run);

            // The server lets go of what connecting took after ten to twenty seconds.
            await Task.Delay(TimeSpan.FromSeconds(25), TimeProvider.System);
            var after = await MemoryAsync();
            Write($$"""
                {"measurement":"idle","watchers":{{count}},"collected":{{(collects ? "true" : "false")}},"resident_before":{{before.Resident}},"resident_after":{{after.Resident}},"resident_each":{{(after.Resident - before.Resident) / count}},"heap_each":{{(after.Heap - before.Heap) / count}}}
                """);
        });

        async Task<(long Resident, long Heap)> MemoryAsync()
        {
            var heap = collects ? (await peer.CollectAsync(new Nothing())).Bytes : 0;
            return (_server.ResidentBytes, heap);
        }
    }

    /// <summary>All watchers of a run lose their connections and come back at once with their tokens.</summary>
    private async Task MeasureReconnectionAsync(int count, double stepsPerSecond)
    {
        var checks = Enumerable.Range(0, count).Select(_ => new MessageCheck()).ToArray();
        await WithRunAsync(stepsPerSecond, async run =>
        {
            await using (var first = await OpenAsync(count, run, Delivery.Lossless, checks: checks))
            {
                await first.WaitUntilAsync(() => checks.All(check => check.Step > 0));
            }

            var left = checks.Min(check => check.Step);
            var residentBefore = _server.ResidentBytes;
            foreach (var check in checks)
            {
                check.HasCaughtUp = false;
            }

            var started = Stopwatch.StartNew();
            var processorBefore = _server.ProcessorSeconds;
            await using var second = await OpenAsync(count, run, Delivery.Lossless, checks: checks);
            var opened = started.Elapsed.TotalSeconds;
            await second.WaitUntilAsync(() => checks.All(check => check.HasCaughtUp));
            var caughtUp = started.Elapsed.TotalSeconds;
            var processorSeconds = _server.ProcessorSeconds - processorBefore;
            var step = checks.Max(check => check.Step);
            await second.WaitUntilAsync(() => checks.All(check => check.Step > step));
            Write($$"""
                {"measurement":"reconnect","watchers":{{count}},"steps_per_second":{{stepsPerSecond}},"seconds_to_first_message":{{opened:F2}},"seconds_to_caught_up":{{caughtUp:F2}},"server_processor_seconds":{{processorSeconds:F2}},"steps_missed":{{step - left}},"resident_before":{{residentBefore}},"resident_peak":{{_server.PeakBytes}}}
                """);
        });
    }

    /// <summary>Frames delivered to so many watchers, with one more who reads slowly and without, taking turns.</summary>
    private async Task MeasureSlowAsync(int count, double load, TimeSpan time, int rounds)
    {
        var pace = load * await FindGreatestPaceAsync(count);
        for (var round = 0; round < rounds; round++)
        {
            var alone = await FieldsDeliveredAsync(hasSlow: false);
            var together = await FieldsDeliveredAsync(hasSlow: true);
            Write($$"""
                {"measurement":"slow","watchers":{{count}},"load":{{load}},"steps_per_second":{{pace:F1}},"frames_alone":{{alone.Fields}},"frames_with_slow":{{together.Fields}},"ratio":{{together.Fields / (double)alone.Fields:F4}},"slow_bytes_per_second":{{together.SlowRate:F0}},"resident":{{_server.ResidentBytes}}}
                """);
        }

        async Task<(long Fields, double SlowRate)> FieldsDeliveredAsync(bool hasSlow)
        {
            var result = (Fields: 0L, SlowRate: 0.0);
            await WithRunAsync(pace, async run =>
            {
                await using var population = await OpenAsync(count, run);
                using var leaving = new CancellationTokenSource();
                var slow = hasSlow ? ReadSlowlyAsync(run, leaving.Token) : Task.FromResult(0.0);
                await MeasureAsync(population, GuessTime);
                var before = population.FieldCount;
                await MeasureAsync(population, time);
                result.Fields = population.FieldCount - before;
                await leaving.CancelAsync();
                result.SlowRate = await slow;
            });
            return result;
        }
    }

    /// <summary>Watches at 64 kB a second until told to stop; returns the bytes a second that it got.</summary>
    private async Task<double> ReadSlowlyAsync(string run, CancellationToken leaving)
    {
        const double BytesPerSecond = 64_000;
        var started = Stopwatch.StartNew();
        using var watch = await RawWatch.OpenAsync(_address, WatchPath, Request(run, Delivery.Latest), window: 64 * 1024, bufferSize: 32 * 1024);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        try
        {
            while (await timer.WaitForNextTickAsync(leaving))
            {
                while (watch.ByteCount < BytesPerSecond * started.Elapsed.TotalSeconds)
                {
                    await watch.ReadAsync(leaving);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Enough.
        }

        return watch.ByteCount / started.Elapsed.TotalSeconds;
    }

    /// <summary>The steps a second at which so many watchers get most frames: a pace that rises until they miss many.</summary>
    private async Task<double> FindGreatestPaceAsync(int count)
    {
        var (greatest, missed) = (0.0, 0);

        // A server that has not been compiled for speed yet misses frames at any pace.
        await DeliveredAsync(FirstGuess / count, WarmUp);
        for (var pace = FirstGuess / count; missed < MostMissed; pace *= GuessRatio)
        {
            var delivered = await DeliveredAsync(pace, GuessTime);
            greatest = Math.Max(greatest, delivered);
            missed = delivered < LeastDelivered * pace ? missed + 1 : 0;
        }

        return greatest;

        async Task<double> DeliveredAsync(double pace, TimeSpan time)
        {
            var delivered = 0.0;
            await WithRunAsync(pace, async run =>
            {
                await using var population = await OpenAsync(count, run);
                await MeasureAsync(population, time);
                delivered = (await MeasureAsync(population, GuessTime)).FieldsPerSecond / count;
            });
            return delivered;
        }
    }

    private async Task<Rate> MeasureAsync(WatchPopulation population, TimeSpan time)
    {
        using var timer = new PeriodicTimer(time);
        var (bytes, fields, processor, started) = (population.ByteCount, population.FieldCount, _server.ProcessorSeconds, Stopwatch.GetTimestamp());
        await timer.WaitForNextTickAsync();
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var byteCount = population.ByteCount - bytes;
        return new Rate(byteCount / seconds, (population.FieldCount - fields) / seconds, (_server.ProcessorSeconds - processor) / (byteCount / 1e9));
    }

    private Task<WatchPopulation> OpenAsync(int count, string run, Delivery delivery = Delivery.DropOldest, MessageCheck[]? checks = null) =>
        WatchPopulation.OpenAsync(
            count, _address, WatchPath, index => Request(run, delivery, checks?[index]), checks is null ? null : (index, message) => checks[index].Accept(message));

    private static WatchRunRequest Request(string run, Delivery delivery, MessageCheck? check = null)
    {
        var request = new WatchRunRequest { RunId = run, FieldEncoding = FieldEncoding.Float32, Delivery = delivery };
        if (delivery == Delivery.DropOldest)
        {
            request.BacklogFrames = Backlog;
        }

        if (check is { Token.IsEmpty: false })
        {
            request.ResumeToken = check.Token;
        }

        return request;
    }

    /// <summary>Gives a run to the action, paused if it has no pace, and deletes it.</summary>
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

    private static void Write(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private readonly record struct Rate(double BytesPerSecond, double FieldsPerSecond, double SecondsPerGigabyte);
}
