using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using Grpc.Net.Client;
using Mfn.Contracts.V1;

namespace Mfn.Benchmarks.Quotas;

/// <summary>
/// How long the calls of one identity take, within its quota, while another one sends fifty times its own and while it does not, the two taking turns. The flood has a
/// process of its own, as it has in life: what it costs its sender must not be taken for what it costs the server.
/// </summary>
internal static class FairnessMeasurement
{
    // A million cell-steps: fifty a second of the one, and of the flood fifty times the ten a second that its quota allows.
    private static readonly SimulateRequest Request = new() { Spec = new SimulationSpec { GridSize = 128, Steps = 61 } };
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan FloodInterval = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);

    /// <summary>Measures, and writes a line of JSON.</summary>
    /// <param name="server">Where the server is.</param>
    /// <param name="key">Of who is measured.</param>
    /// <param name="floodKey">Of who floods.</param>
    /// <param name="time">How long a turn is.</param>
    /// <param name="rounds">How many turns of each.</param>
    public static async Task RunAsync(Uri server, string key, string floodKey, TimeSpan time, int rounds)
    {
        using var channel = GrpcChannel.ForAddress(server);
        var (quiet, flooded) = (new List<double>(), new List<double>());
        var (served, refused) = (0L, 0L);
        await MeasureAsync(channel, key, WarmUp, []);
        for (var i = 0; i < rounds; i++)
        {
            await MeasureAsync(channel, key, time, quiet);
            using var flood = Process.Start(new ProcessStartInfo(Environment.ProcessPath!)
            {
                ArgumentList = { typeof(FairnessMeasurement).Assembly.Location, "flood", server.ToString(), floodKey },
                RedirectStandardOutput = true,
                RedirectStandardInput = true,
            })!;

            // It says when it has begun, and ends with its input.
            await flood.StandardOutput.ReadLineAsync();
            await MeasureAsync(channel, key, time, flooded);
            flood.StandardInput.Close();
            var counts = (await flood.StandardOutput.ReadLineAsync())!.Split(' ').Select(count => long.Parse(count, CultureInfo.InvariantCulture)).ToArray();
            await flood.WaitForExitAsync();
            (served, refused) = (served + counts[0], refused + counts[1]);
        }

        var ratio = Quantile(flooded, 0.99) / Quantile(quiet, 0.99);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $$"""
            {"measurement":"fairness","calls":{{flooded.Count}},"flood_served":{{served}},"flood_refused":{{refused}},"median_ms":{{Quantile(quiet, 0.5):F2}},"flooded_median_ms":{{Quantile(flooded, 0.5):F2}},"p99_ms":{{Quantile(quiet, 0.99):F2}},"flooded_p99_ms":{{Quantile(flooded, 0.99):F2}},"ratio":{{ratio:F3}}}
            """));
    }

    /// <summary>Sends calls at a rate, whatever becomes of them, until standard input ends; says when it has begun, and at the end how many were served and refused.</summary>
    public static async Task FloodAsync(Uri server, string key)
    {
        using var channel = GrpcChannel.ForAddress(server);
        var client = new SimulationService.SimulationServiceClient(channel);
        var headers = new Metadata { { "x-api-key", key } };
        var (served, refused, isBegun) = (0L, 0L, false);

        // The console's own reader would wait here.
        await using var input = Console.OpenStandardInput();
        var end = Task.Run(input.ReadByte);
        using var timer = new PeriodicTimer(FloodInterval);
        var (start, sent) = (Stopwatch.GetTimestamp(), 0L);
        while (!end.IsCompleted && await timer.WaitForNextTickAsync())
        {
            // A tick may be late, which is made up for.
            for (var due = (long)(Stopwatch.GetElapsedTime(start) / FloodInterval); sent < due; sent++)
            {
                _ = CallAsync();
            }

            if (!isBegun && Volatile.Read(ref refused) > 0)
            {
                isBegun = true;
                Console.WriteLine("begun");
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{served} {refused}"));

        async Task CallAsync()
        {
            try
            {
                await client.SimulateAsync(Request, headers);
                Interlocked.Increment(ref served);
            }
            catch (RpcException error) when (error.StatusCode == StatusCode.ResourceExhausted)
            {
                Interlocked.Increment(ref refused);
            }
        }
    }

    private static async Task MeasureAsync(GrpcChannel channel, string key, TimeSpan time, List<double> milliseconds)
    {
        var client = new SimulationService.SimulationServiceClient(channel);
        var headers = new Metadata { { "x-api-key", key } };
        var total = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(Interval);
        while (total.Elapsed < time && await timer.WaitForNextTickAsync())
        {
            var start = Stopwatch.GetTimestamp();
            await client.SimulateAsync(Request, headers);
            milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
    }

    private static double Quantile(IEnumerable<double> values, double share)
    {
        var ordered = values.Order().ToArray();
        return ordered[(int)Math.Min(ordered.Length - 1, ordered.Length * share)];
    }
}
