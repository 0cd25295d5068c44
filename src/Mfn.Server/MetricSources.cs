using System.Reflection;
using Mfn.Server.Compute;
using Mfn.Server.Configuration;
using Mfn.Server.Health;
using Mfn.Server.Memory;
using Mfn.Server.Observability;
using Mfn.Server.Quotas;
using Mfn.Server.Runs;
using Microsoft.Extensions.Options;

namespace Mfn.Server;

/// <summary>Says where the metrics are read that somebody counts for another purpose.</summary>
internal sealed class MetricSources(
    ServerMetrics metrics,
    ComputeScheduler scheduler,
    ComputePlaces places,
    RunRegistry runs,
    MemoryAccount memory,
    QuotaLedger quotas,
    FollowedInputs inputs,
    LastReadiness readiness,
    IOptionsMonitor<LimitsOptions> limits) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        metrics.Runs.ReadFrom(CountRuns);
        metrics.HorizonLag.ReadFrom(() => runs.Live.Select(run => run.HorizonLag).DefaultIfEmpty().Max());
        metrics.FreeStorage.ReadFrom(() => runs.Store?.FreeBytes);
        metrics.Ready.ReadFrom(() => readiness.Checks.Select(check => (check.Name, check.IsReady ? 1.0 : 0)));
        metrics.Build.ReadFrom(() => [(Version, 1)]);
        metrics.Replays.ReadFrom(() => runs.Services.Replays.TakenCount);
        metrics.WaitingReplays.ReadFrom(() => runs.Services.Replays.WaitingCount);
        metrics.ComputationPlaces.ReadFrom(() => limits.CurrentValue.MaxConcurrentComputations);
        metrics.Computations.ReadFrom(() => places.TakenCount);
        metrics.Uploads.ReadFrom(() => places.UploadCount);
        metrics.ComputeThreads.ReadFrom(() => scheduler.ThreadCount);
        metrics.ComputeBusy.ReadFrom(() => scheduler.BusyTime.TotalSeconds);
        metrics.ComputeQueue.ReadFrom(() => scheduler.WaitingCount);
        metrics.MemoryLimit.ReadFrom(() => memory.LimitBytes);
        metrics.DiscardedMemory.ReadFrom(() => memory.DiscardedBytes);
        metrics.Memory.ReadFrom(() => Enum.GetValues<MemoryUse>().Select(use => (MetricLabel.ValueOf(use), (double)memory.TakenFor(use))));
        metrics.CollectionPauses.ReadFrom(() => GC.GetTotalPauseDuration().TotalSeconds);
        metrics.AllocatedMemory.ReadFrom(() => GC.GetTotalAllocatedBytes());
        metrics.ThreadPoolQueue.ReadFrom(() => ThreadPool.PendingWorkItemCount);
        metrics.Price.ReadFrom(() => quotas.Totals is var totals ? [("reserved", totals.Reserved), ("settled", totals.Settled), ("refunded", totals.Refunded)] : []);
        metrics.InputsInForce.ReadFrom(() => inputs.All.Select(input => (input.Name, Seconds(input.InForceSince))));
        metrics.InputsFailing.ReadFrom(() => inputs.All.Select(input => (input.Name, input.Problem is null ? 0.0 : 1)));
        metrics.InputsExpire.ReadFrom(() => inputs.All.Where(input => input.Expires is not null).Select(input => (input.Name, Seconds(input.Expires!.Value))));
        var secrets = inputs.Secrets.Counters;
        metrics.InputChanges.ReadFrom(() => secrets.Changes);
        metrics.InputFailures.ReadFrom(() => secrets.Failures);
        metrics.SecretRequests.ReadFrom(() => [("answered", secrets.Requests - secrets.FailedRequests), ("failed", secrets.FailedRequests)]);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private IEnumerable<(string State, double Count)> CountRuns()
    {
        var live = runs.Live.CountBy(run => run.State).ToDictionary();
        return Enum.GetValues<RunState>()
            .Select(state => (MetricLabel.ValueOf(state), (double)live.GetValueOrDefault(state)))
            .Append((ServerMetrics.DamagedRun, runs.DamagedCount));
    }

    // Without the commit.
    private static string Version { get; } =
        typeof(MetricSources).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private static double Seconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).TotalSeconds;
}
