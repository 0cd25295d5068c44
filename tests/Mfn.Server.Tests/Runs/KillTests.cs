using System.Globalization;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;
using CorePrecision = Mfn.Core.Simulation.Precision;
using CoreSpec = Mfn.Core.Simulation.SimulationSpec;
using CoreVariant = Mfn.Core.Simulation.SimulationVariant;

namespace Mfn.Server.Tests.Runs;

/// <summary>A server process that is killed at random moments. KILL_COUNT says how often; 10 if it is not set.</summary>
public sealed class KillTests
{
    [Fact]
    public async Task Kill_RunsAreWatchedAndSteered_NothingAcknowledgedIsLostAndEveryTokenResumesExactly()
    {
        var killCount = int.Parse(Environment.GetEnvironmentVariable("KILL_COUNT") ?? "10", CultureInfo.InvariantCulture);
        var random = new Random(killCount);
        var directory = Directory.CreateTempSubdirectory("mfn-kill-");
        try
        {
            using var server = await KilledServer.StartAsync(directory.FullName);
            KilledRun[] runs =
            [
                await KilledRun.CreateAsync(
                    server,
                    new CoreSpec { GridSize = 8, Seed = 1, IsJitterEnabled = true },
                    new SimulationSpec { GridSize = 8, Seed = 1, JitterEnabled = true },
                    stepsPerSecond: 100,
                    everyNSteps: 1,
                    seed: 1),
                await KilledRun.CreateAsync(
                    server,
                    new CoreSpec { GridSize = 12, Seed = 2, Variant = CoreVariant.Engine, Precision = CorePrecision.Binary32 },
                    new SimulationSpec { GridSize = 12, Seed = 2, Variant = SimulationVariant.Engine, Precision = Precision.Binary32 },
                    stepsPerSecond: 400,
                    everyNSteps: 2,
                    seed: 2),

                // Fast, but not so fast that its watchers, who come back again and again, fall behind by more than its history.
                await KilledRun.CreateAsync(
                    server, new CoreSpec { GridSize = 24, Seed = 3 }, new SimulationSpec { GridSize = 24, Seed = 3 }, stepsPerSecond: 5_000, everyNSteps: 500, seed: 3),
            ];
            var watching = Task.WhenAll(runs.Select(run => run.WatchAsync()));
            var steering = Task.WhenAll(runs.Select(run => Task.Run(run.SteerAsync)));
            var failing = Task.WhenAny(watching, steering);
            for (var kill = 0; kill < killCount; kill++)
            {
                // Now and then at once, when the runs have not caught up.
                var moment = server.EventsAsync(random.Next(5) == 0 ? 0 : random.Next(1500));
                Assert.True(await Task.WhenAny(moment, failing).Within() == moment, Failure());
                await server.RestartAsync();
                if (random.Next(3) > 0)
                {
                    await Task.WhenAll(runs.Select(run => run.CheckAfterRestartAsync(withAllCommands: false))).Within();
                }
            }

            foreach (var run in runs)
            {
                run.EndSteering();
            }

            await steering.Within();
            await Task.WhenAll(runs.Select(run => run.PauseAsync())).Within();
            foreach (var run in runs)
            {
                run.EndWatching();
            }

            await watching.Within();
            await Task.WhenAll(runs.Select(run => run.CheckAfterRestartAsync(withAllCommands: true))).Within();
            foreach (var run in runs)
            {
                await run.CheckFramesAsync();
            }

            string Failure() => (watching.Exception ?? steering.Exception)?.ToString() ?? "A watcher or a steerer has ended.";
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
