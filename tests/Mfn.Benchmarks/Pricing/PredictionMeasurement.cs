using System.Diagnostics;
using System.Text.Json;
using Grpc.Core;
using Grpc.Net.Client;
using Mfn.Contracts.V1;

namespace Mfn.Benchmarks.Pricing;

/// <summary>Predicted times of drawn simulations beside those that they take, as their client sees it.</summary>
internal static class PredictionMeasurement
{
    // Of so many calls the one in the middle is what a simulation takes; the machine is shared.
    private const int CallsOfMeasurement = 3;

    /// <summary>Has the server compute, so that it knows its speed, and then measures other simulations; a line of JSON each.</summary>
    /// <param name="url">The server.</param>
    /// <param name="seed">Decides what is drawn.</param>
    /// <param name="calibrationCount">How many simulations the server computes before, one call each.</param>
    /// <param name="count">How many are predicted and measured.</param>
    public static async Task RunAsync(Uri url, int seed, int calibrationCount, int count)
    {
        using var channel = GrpcChannel.ForAddress(url, new GrpcChannelOptions { MaxReceiveMessageSize = 64 << 20 });
        var client = new SimulationService.SimulationServiceClient(channel);
        var practised = new RandomSpecs(seed);
        for (var i = 0; i < calibrationCount; i++)
        {
            await TryAsync(client, practised.Next());
        }

        var drawn = new RandomSpecs(seed + 1);
        var requests = new List<SimulateRequest>();
        var estimates = new List<EstimateCostResponse>();
        var seconds = new List<List<double>>();
        while (requests.Count < count)
        {
            var request = drawn.Next();
            var estimate = await client.EstimateCostAsync(new EstimateCostRequest { Simulate = request });

            // What leaves the finite numbers takes no time that could be predicted.
            if (await TryAsync(client, request) is { } first)
            {
                requests.Add(request);
                estimates.Add(estimate);
                seconds.Add([first]);
            }
        }

        // In turns, so that none finds in the caches, and in the memory that the server keeps, what the same one has left there the moment before.
        for (var turn = 1; turn < CallsOfMeasurement; turn++)
        {
            for (var i = 0; i < requests.Count; i++)
            {
                seconds[i].Add(await TryAsync(client, requests[i]) ?? throw new InvalidOperationException($"What was computed before is refused: {requests[i]}"));
            }
        }

        for (var i = 0; i < requests.Count; i++)
        {
            seconds[i].Sort();
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                predicted = estimates[i].PredictedSeconds,
                measured = seconds[i][CallsOfMeasurement / 2],
                least = seconds[i][0],
                most = seconds[i][^1],
                price = estimates[i].Price,
                calibrated = estimates[i].Calibrated,
                kinds = estimates[i].Parts.Select(part => part.Work),
                request = requests[i].ToString(),
            }));
        }
    }

    private static async Task<double?> TryAsync(SimulationService.SimulationServiceClient client, SimulateRequest request)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            await client.SimulateAsync(request);
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        catch (RpcException error) when (error.StatusCode is StatusCode.Internal or StatusCode.FailedPrecondition or StatusCode.InvalidArgument or StatusCode.OutOfRange)
        {
            return null;
        }
    }
}
