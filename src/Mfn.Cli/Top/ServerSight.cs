using Mfn.Contracts.V1;

namespace Mfn.Cli.Top;

/// <summary>What was seen of a server at a time.</summary>
/// <param name="Time">When.</param>
/// <param name="Metrics">What its metrics said.</param>
/// <param name="Runs">Its live runs, the latest created first, as many as are looked at; null if they cannot be had.</param>
/// <param name="RunProblem">Why not; empty otherwise.</param>
internal sealed record ServerSight(DateTimeOffset Time, MetricPage Metrics, IReadOnlyList<Run>? Runs, string RunProblem)
{
    /// <summary>What it does, by what was seen before.</summary>
    public ServerLoad LoadSince(ServerSight? before) => new(Metrics, before?.Metrics, Time - (before?.Time ?? Time), Time);

    /// <summary>How fast its runs go, by what was seen before.</summary>
    public IReadOnlyList<RunLoad>? RunsSince(ServerSight? before)
    {
        var earlier = before?.Runs?.ToDictionary(run => run.RunId, run => run.Step) ?? [];
        return Runs is null
            ? null
            : [.. Runs.Select(run => new RunLoad(run, earlier.TryGetValue(run.RunId, out var step) && Time > before!.Time ? (run.Step - step) / (Time - before.Time).TotalSeconds : null))];
    }
}
