using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using Grpc.Net.Client;
using Mfn.Benchmarks.Peers;
using Mfn.Contracts.V1;

namespace Mfn.Benchmarks.Serving;

/// <summary>
/// A simulation streamed over loopback, against the same messages from a handler that computes nothing, the two taking turns. The server has
/// a process of its own, as it has in use: in one process the client's garbage collections would stop the server's threads too.
/// </summary>
internal static class StreamSimulationMeasurement
{
    private const int RoundCount = 9;
    private const int StepCount = 1500;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(55);

    private static readonly StreamSimulationRequest Request = new()
    {
        Spec = new SimulationSpec { GridSize = 256, Steps = StepCount },
        FieldEncoding = FieldEncoding.Float32,
    };

    public static void Run(TextWriter output) => RunAsync(output).GetAwaiter().GetResult();

    private static async Task RunAsync(TextWriter output)
    {
        using var server = Start();
        try
        {
            using var channel = GrpcChannel.ForAddress(await AddressAsync(server));
            var simulation = new SimulationService.SimulationServiceClient(channel);
            var empty = new EmptySimulation.EmptySimulationClient(channel);
            var deadline = DateTime.UtcNow + Patience;

            await CompareAsync(WarmUp);
            var rounds = new List<(double Simulated, double Empty)>();
            for (var i = 0; i < RoundCount; i++)
            {
                rounds.Add(await CompareAsync(TimeSpan.Zero));
            }

            var ratios = rounds.Select(round => round.Simulated / round.Empty).Order().ToArray();
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $$"""
                {"kernel":"stream-simulation","encoding":"f32","grid":{{Request.Spec.GridSize}},"rounds":{{RoundCount}},"frames_per_second":{{Median(rounds.Select(round => round.Simulated)):F0}},"empty_frames_per_second":{{Median(rounds.Select(round => round.Empty)):F0}},"ratio":{{Median(ratios):F3}},"least_ratio":{{ratios[0]:F3}},"greatest_ratio":{{ratios[^1]:F3}}}
                """));
            await output.FlushAsync();

            async Task<(double Simulated, double Empty)> CompareAsync(TimeSpan least)
            {
                var started = Stopwatch.StartNew();
                (double, double) round;
                do
                {
                    round = (await FramesPerSecondAsync(simulation.StreamSimulation(Request, deadline: deadline)),
                        await FramesPerSecondAsync(empty.StreamSimulation(Request, deadline: deadline)));
                }
                while (started.Elapsed < least);

                return round;
            }
        }
        finally
        {
            server.Kill();
        }
    }

    private static async Task<double> FramesPerSecondAsync(AsyncServerStreamingCall<StreamSimulationResponse> call)
    {
        using var _ = call;
        var started = Stopwatch.GetTimestamp();
        var frameCount = 0;
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            frameCount += call.ResponseStream.Current.Frame is null ? 0 : 1;
        }

        if (frameCount != StepCount)
        {
            throw new InvalidOperationException($"There must be {StepCount} frames, but were {frameCount}.");
        }

        return frameCount / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static Process Start() => Process.Start(new ProcessStartInfo("dotnet", [typeof(PeerServer).Assembly.Location, "serve-peer", "0"])
    {
        RedirectStandardOutput = true,
    })!;

    private static async Task<string> AddressAsync(Process server)
    {
        var line = await server.StandardOutput.ReadLineAsync().WaitAsync(Patience);
        return line?.Split(' ')[^1] ?? throw new InvalidOperationException("The server did not start.");
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2;
    }
}
