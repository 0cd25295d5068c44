using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using Grpc.Net.Client;
using Mfn.Contracts.V1;
using Mfn.Core.Randomness;

namespace Mfn.Benchmarks.Serving;

/// <summary>
/// Compares what servers answer to the lightest call. The servers are in other processes, on a processor of their own, and take short turns in another order each round, so that
/// what else the machine does meets all of them.
/// </summary>
internal static class RateTurns
{
    private const int CallsOfATurn = 400;
    private const int Callers = 8;

    // Standard deviations of the normal distribution, for 95 %.
    private const double OfMedian = 1.96;
    private const string ClientProcessor = "0";
    private const string ServerProcessor = "1";

    /// <summary>Keeps this process off the servers' processor: otherwise the two would take processors from each other.</summary>
    public static void KeepOffServers()
    {
        using var pinning = Process.Start(new ProcessStartInfo("taskset", ["-a", "-p", "-c", ClientProcessor, $"{Environment.ProcessId}"]) { RedirectStandardOutput = true })!;
        pinning.StandardOutput.ReadToEnd();
        pinning.WaitForExit();
    }

    /// <summary>Starts a command on the servers' processor.</summary>
    public static Process StartServers(IEnumerable<string> command, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("taskset", ["-c", ServerProcessor, .. command]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Writes a line for each side, with its ratios to the first.</summary>
    public static async Task MeasureAsync(string kernel, IReadOnlyList<IRateSide> sides, int rounds, TextWriter output)
    {
        var turns = sides.ToDictionary(side => side, _ => new List<(double Seconds, double ProcessorSeconds)>());
        var random = new RandomGenerator(1);
        for (var round = -rounds / 5; round < rounds; round++)
        {
            foreach (var side in sides.OrderBy(_ => random.NextDouble()).ToArray())
            {
                var before = ProcessorSecondsOf(side.ServerProcess);
                var seconds = await side.CallAsync();
                var processorSeconds = ProcessorSecondsOf(side.ServerProcess) - before;
                if (round >= 0)
                {
                    turns[side].Add((seconds, processorSeconds));
                }
            }
        }

        foreach (var side in sides)
        {
            var rates = turns[sides[0]].Zip(turns[side], (least, taken) => least.Seconds / taken.Seconds).Order().ToArray();
            var times = turns[sides[0]].Zip(turns[side], (least, taken) => least.ProcessorSeconds / taken.ProcessorSeconds).Order().ToArray();
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $$"""
                {"kernel":"{{kernel}}","side":"{{side.Name}}","rounds":{{rounds}},"calls_per_second":{{side.CallCount / Quantile([.. turns[side].Select(turn => turn.Seconds).Order()], 0.5):F0}},"rate_to_{{sides[0].Name}}":{{Tell(rates)}},"calls_per_processor_second_of_the_server_to_{{sides[0].Name}}":{{Tell(times)}}}
                """));
        }
    }

    /// <summary>The value below which a share of the values are.</summary>
    public static double Quantile(double[] sorted, double share)
    {
        var place = share * (sorted.Length - 1);
        var (low, high) = (sorted[(int)place], sorted[(int)Math.Ceiling(place)]);
        return low + ((place - Math.Floor(place)) * (high - low));
    }

    // The median between the ends of its interval of 95 %, by how many of as many are below it, whatever they are distributed like.
    private static string Tell(double[] sorted)
    {
        var reach = OfMedian / 2 / Math.Sqrt(sorted.Length);
        return string.Create(
            CultureInfo.InvariantCulture, $"[{Quantile(sorted, Math.Max(0, 0.5 - reach)):F3},{Quantile(sorted, 0.5):F3},{Quantile(sorted, Math.Min(1, 0.5 + reach)):F3}]");
    }

    /// <summary>The time that the threads of a process have been on a processor; nanoseconds are told of each.</summary>
    private static double ProcessorSecondsOf(int process)
    {
        var nanoseconds = 0L;
        foreach (var thread in Directory.EnumerateDirectories($"/proc/{process}/task"))
        {
            try
            {
                nanoseconds += long.Parse(File.ReadAllText(Path.Combine(thread, "schedstat")).Split(' ')[0], CultureInfo.InvariantCulture);
            }
            catch (IOException)
            {
                // It has just ended, and was hardly one of those that answer.
            }
        }

        return nanoseconds * 1e-9;
    }

    /// <summary>A client with one connection to a server.</summary>
    internal sealed class Side(string name, string address, int serverProcess, Metadata headers) : IRateSide
    {
        private readonly GrpcChannel _channel = GrpcChannel.ForAddress(address);

        public string Name => name;

        public int ServerProcess => serverProcess;

        public int CallCount => CallsOfATurn;

        public async Task<double> CallAsync()
        {
            var client = new MembraneService.MembraneServiceClient(_channel);
            var request = new ComputeNernstPotentialRequest { Valence = 1, OutsideMolar = 0.005, InsideMolar = 0.14 };
            var start = Stopwatch.GetTimestamp();
            await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
            {
                for (var i = 0; i < CallsOfATurn / Callers; i++)
                {
                    await client.ComputeNernstPotentialAsync(request, headers);
                }
            })));
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        public void Dispose() => _channel.Dispose();
    }
}
