using System.Globalization;
using Grpc.Core;
using Grpc.Net.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Identity;
using Mfn.Server.Pricing;
using Mfn.Server.Tests.Aggregation;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Identity;
using StatusCode = Grpc.Core.StatusCode;

namespace Mfn.Server.Tests.Quotas;

/// <summary>
/// Random calls of several identities, with deadlines that pass, cancellations, and connections that are cut: whatever was reserved is settled or refunded, and what was
/// answered was paid. QUOTA_CALLS says how many; 500 if it is not set.
/// </summary>
public sealed class QuotaInvariantTests : IDisposable
{
    private const int CallersAtOnce = 16;

    private readonly KeyFile _keys = new();

    private string QuotaFile => Path.Combine(Path.GetDirectoryName(_keys.Path)!, "quotas.json");

    [Fact]
    public async Task Calls_ThatEndInAnyWay_LeaveReservedSettledAndRefundedInBalance()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("QUOTA_CALLS") ?? "500", CultureInfo.InvariantCulture);
        var callers = AddCallers();
        await using var server = await TestServer.StartAsync(_keys.Setting, $"Auth:Quotas:File={QuotaFile}", "Runs:MaxRuns=1000");

        var (paid, outcomes) = await MakeCallsAsync(server, callers, count);

        var told = string.Join(", ", outcomes.OrderBy(each => each.Key, StringComparer.Ordinal).Select(each => $"{each.Value} {each.Key}"));
        await Patience.UntilAsync(
            async () =>
            {
                // A call that its client has given up may reach the server late, and start a run then.
                await DeleteRunsAsync(server, callers);
                return server.OpenCalls.Count == 0 && server.Simulations.Active.Count == 0 && server.Quotas.Totals.Outstanding == 0;
            },
            () => $"{server.OpenCalls.Count} calls, {server.Simulations.Active.Count} simulations, {server.Quotas.Totals} after {told}");
        var totals = server.Quotas.Totals;
        Assert.Equal(totals.Reserved, totals.Settled + totals.Refunded);
        Assert.True(totals.Settled >= paid, $"{paid} cell-steps were answered, and {totals} of {told}");
        Assert.True(totals.Refunded > 0, $"{totals} of {told}");

        // Each kind of end was among them.
        Assert.All(["OK", "cut", "Cancelled", "DeadlineExceeded", "ResourceExhausted"], outcome => Assert.True(outcomes.GetValueOrDefault(outcome) > 0, told));
        TestContext.Current.TestOutputHelper?.WriteLine($"{totals}; {told}");
    }

    public void Dispose() => _keys.Dispose();

    /// <summary>Alice is over her quota most of the time, the lab now and then.</summary>
    private Metadata[] AddCallers()
    {
        File.WriteAllText(
            QuotaFile,
            """
            { "format_version": 1,
              "identities": [ { "name": "alice", "tenant": "lab", "cell_steps_per_second": 2000000, "burst_time": "00:00:02", "live_runs": 2 } ],
              "tenants": [ { "name": "lab", "cell_steps_per_second": 200000000, "burst_time": "00:00:01" } ] }
            """);
        return
        [
            .. new[] { ("alice", "lab"), ("bob", "lab"), ("carol", "other"), ("dave", "default") }
                .Select(caller => new Metadata { { "x-api-key", _keys.Add(Roles.Admin, caller.Item2, caller.Item1) } }),
        ];
    }

    private static async Task<(long Paid, Dictionary<string, int> Outcomes)> MakeCallsAsync(TestServer server, Metadata[] callers, int count)
    {
        var (paid, outcomes, left) = (0L, new Dictionary<string, int>(), count);
        await Task.WhenAll(Enumerable.Range(0, CallersAtOnce).Select(async seed =>
        {
            var random = new Random(seed);
            var channel = server.Connect();
            while (Interlocked.Decrement(ref left) >= 0)
            {
                var (outcome, price) = await CallAsync(channel, callers[random.Next(callers.Length)], random);
                lock (outcomes)
                {
                    paid += price;
                    outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
                }

                if (outcome == "cut")
                {
                    channel.Dispose();
                    channel = server.Connect();
                }
            }

            channel.Dispose();
        }));
        return (paid, outcomes);
    }

    /// <summary>Those too that were started by calls which did not wait for it.</summary>
    private static async Task DeleteRunsAsync(TestServer server, Metadata[] callers)
    {
        foreach (var caller in callers)
        {
            foreach (var run in (await server.Runs.ListRunsAsync(new ListRunsRequest { PageSize = 1000 }, caller)).Runs)
            {
                try
                {
                    await server.Runs.DeleteRunAsync(new DeleteRunRequest { RunId = run.RunId }, caller);
                }
                catch (RpcException error) when (error.StatusCode == StatusCode.NotFound)
                {
                    // Another of its tenant sees it, too.
                }
            }
        }
    }

    /// <summary>Makes a call that ends in some way; returns which, and what an answered one cost.</summary>
    private static async Task<(string Outcome, long Price)> CallAsync(GrpcChannel channel, Metadata caller, Random random)
    {
        var end = random.Next(5);
        using var cancelled = new CancellationTokenSource();
        var options = new CallOptions(caller, end == 0 ? DateTime.UtcNow.AddMilliseconds(random.Next(1, 30)) : null, cancelled.Token);
        var calling = CallAsync(channel, options, random);
        if (end == 1)
        {
            // After anything from nothing to a good part of it.
            var spins = random.Next(200);
            for (var i = 0; i < spins && !calling.IsCompleted; i++)
            {
                await Task.Yield();
            }

            await cancelled.CancelAsync();
        }

        var isCut = end == 2 && random.Next(4) == 0;
        if (isCut)
        {
            channel.Dispose();
        }

        try
        {
            return ("OK", await calling.Within());
        }
        catch (Exception error) when (isCut && error is RpcException or ObjectDisposedException or HttpRequestException)
        {
            return ("cut", 0);
        }
        catch (RpcException error)
        {
            Assert.NotEqual(StatusCode.Internal, error.StatusCode);
            Assert.NotEqual(StatusCode.Unknown, error.StatusCode);
            return (error.StatusCode.ToString(), 0);
        }
    }

    private static async Task<long> CallAsync(GrpcChannel channel, CallOptions options, Random random)
    {
        var spec = new SimulationSpec { GridSize = random.Next(8, 160), Steps = random.Next(1, 120) };
        switch (random.Next(9))
        {
            case 0 or 1 or 2:
                return await PriceAsync(new SimulationService.SimulationServiceClient(channel).SimulateAsync(new SimulateRequest { Spec = spec, FractalDimension = random.Next(2) == 0 }, options));
            case 3 or 4:
                using (var stream = new SimulationService.SimulationServiceClient(channel).StreamSimulation(new StreamSimulationRequest { Spec = spec, EveryNSteps = random.Next(1, 20) }, options))
                {
                    // Some leave before the end.
                    var most = random.Next(2) == 0 ? 2 : int.MaxValue;
                    while (most-- > 0 && await stream.ResponseStream.MoveNext(CancellationToken.None))
                    {
                    }

                    return most >= 0 ? PriceIn(stream.GetTrailers()) : 0;
                }

            case 5:
                return await PriceAsync(new FractalService.FractalServiceClient(channel).GenerateIteratedFunctionSystemAsync(new GenerateIteratedFunctionSystemRequest { PointCount = random.Next(1000, 20_000) }, options));
            case 6:
                return await PriceAsync(new Contracts.V1.AggregationService.AggregationServiceClient(channel).AggregateAsync(Rounds.Request(Rounds.Median, 0, [1, 2], [3, 4], [5, 6]), options));
            case 7:
                return await PriceAsync(new MembraneService.MembraneServiceClient(channel).ComputeNernstPotentialAsync(new ComputeNernstPotentialRequest { Valence = 1, OutsideMolar = 0.005, InsideMolar = 0.14 }, options));
            default:
                var runs = new RunService.RunServiceClient(channel);
                var run = (await runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = spec.GridSize }, StepsPerSecond = 500 }, options)).Run;
                using (var watch = runs.WatchRun(new WatchRunRequest { RunId = run.RunId, Delivery = Delivery.Latest }, options))
                {
                    for (var i = 0; i < 5 && await watch.ResponseStream.MoveNext(CancellationToken.None); i++)
                    {
                    }
                }

                await runs.DeleteRunAsync(new DeleteRunRequest { RunId = run.RunId }, options);
                return 0;
        }
    }

    private static async Task<long> PriceAsync<T>(AsyncUnaryCall<T> call)
    {
        await call;
        return PriceIn(call.GetTrailers());
    }

    private static long PriceIn(Metadata trailers) => long.Parse(trailers.GetValue(CallPrices.Trailer)!, CultureInfo.InvariantCulture);
}
