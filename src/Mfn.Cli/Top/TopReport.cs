using System.Globalization;
using Mfn.Cli.Output;

namespace Mfn.Cli.Top;

/// <summary>What a server does, as lines and as JSON.</summary>
internal static class TopReport
{
    private const string NoInterval = "nothing was seen before";
    private const string NoValue = "there was none in the interval";

    private static readonly string[] States = ["running", "paused", "stopped", "failed", "damaged"];

    /// <summary>The lines above the table: what each is about, and its facts, the more important ones first.</summary>
    public static IEnumerable<(string About, IReadOnlyList<string> Facts)> Lines(ServerLoad load)
    {
        yield return load.FailedChecks is []
            ? ("mfn", ["ready", load.Version, $"up {Quantity.Age(load.Uptime)}"])
            : ("NOT READY", [string.Join(", ", load.FailedChecks), load.Version, $"up {Quantity.Age(load.Uptime)}"]);
        yield return ("calls", [$"{Quantity.Count(load.Calls)}/s", $"{Quantity.Count(load.OpenCalls)} open", $"{Quantity.Count(load.FailedCalls)} failed/s", $"{Quantity.Count(load.Refusals)} refused/s", $"99 % in {Quantity.Time(load.CallTime)}"]);
        yield return ("runs", [.. States.Where(state => state == "running" || load.RunsIn(state) > 0).Select(state => $"{Quantity.Count(load.RunsIn(state))} {state}"), $"{Quantity.Count(load.Steps)} steps/s", $"{Quantity.Count(load.CellSteps)} cell-steps/s"]);
        yield return ("watchers", [Quantity.Count(load.Watchers), $"{Quantity.Count(load.Frames)} frames/s", $"{Quantity.Bytes(load.FrameBytes)}/s", $"{Quantity.Count(load.DroppedFrames)} dropped/s", $"99 % late by {Quantity.Time(load.FrameDelay)}", .. History(load)]);
        yield return ("compute", [$"{Quantity.Share(load.Busy)} of {Quantity.Count(load.Threads)} threads", $"{Quantity.Count(load.ComputeQueue)} waiting", $"{Quantity.Count(load.Computations)} of {Quantity.Count(load.Places)} places"]);
        yield return ("memory", [$"{Quantity.Bytes(load.HeldMemory)} of {Quantity.Bytes(load.MemoryLimit)}", $"process {Quantity.Bytes(load.ProcessMemory)}", .. load.MemoryByUse.Where(each => each.Bytes > 0).Take(3).Select(each => $"{each.Use} {Quantity.Bytes(each.Bytes)}"), $"pauses {Quantity.Share(load.Pauses)}"]);
        if (load.FreeStorage is { } free)
        {
            yield return ("disk", [$"{Quantity.Bytes(free)} free", $"99 % written in {Quantity.Time(load.FlushTime)}", load.FailedWrites > 0 ? $"{Quantity.Count(load.FailedWrites)} WRITES FAILED" : ""]);
        }
    }

    /// <summary>All in a line, for a look every few seconds.</summary>
    public static string ToLine(DateTimeOffset time, ServerLoad load) => string.Join(
        "  ",
        time.ToString("HH:mm:ss", CultureInfo.InvariantCulture),
        load.FailedChecks is [] ? "ready" : "not ready",
        $"calls {Quantity.Count(load.Calls)}/s",
        $"refused {Quantity.Count(load.Refusals)}/s",
        $"runs {Quantity.Count(load.RunsIn("running"))}",
        $"cell-steps {Quantity.Count(load.CellSteps)}/s",
        $"watchers {Quantity.Count(load.Watchers)}",
        $"frames {Quantity.Count(load.Frames)}/s",
        $"late {Quantity.Time(load.FrameDelay)}",
        $"memory {Quantity.Bytes(load.HeldMemory)}");

    /// <summary>All of it, for programs.</summary>
    public static JsonRecord ToJson(DateTimeOffset time, ServerLoad load, IReadOnlyList<RunLoad>? runs, string runProblem)
    {
        var record = new JsonRecord()
            .Add("time", time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture))
            .Add("away", (string?)null)
            .Add("version", load.Version)
            .Add("uptime_seconds", Math.Round(load.Uptime.TotalSeconds, 3));
        Add(record, "interval_seconds", load.Seconds, NoInterval);
        return record
            .Add("is_ready", load.FailedChecks.Count == 0)
            .Add("failed_checks", load.FailedChecks)
            .Add("calls", Calls(load))
            .Add("runs", Runs(load))
            .Add("watchers", Watchers(load))
            .Add("compute", Compute(load))
            .Add("memory", Memory(load))
            .Add("disk", Disk(load))
            .Add("methods", load.Methods.Select(Method))
            .Add("run_problem", runProblem.Length > 0 ? runProblem : null)
            .Add("live_runs", (runs ?? []).Select(Run));
    }

    /// <summary>That the server is away, for programs.</summary>
    public static JsonRecord ToJson(DateTimeOffset time, string away) => new JsonRecord()
        .Add("time", time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture))
        .Add("away", away);

    private static IEnumerable<string> History(ServerLoad load)
    {
        if (load.Replays + load.WaitingReplays > 0)
        {
            yield return $"{Quantity.Count(load.Replays)} replays, {Quantity.Count(load.ReplayBacklog)} steps to go";
        }
    }

    private static JsonRecord Calls(ServerLoad load)
    {
        var record = new JsonRecord();
        Add(record, "per_second", load.Calls, NoInterval);
        Add(record, "failed_per_second", load.FailedCalls, NoInterval);
        Add(record, "refused_per_second", load.Refusals, NoInterval);
        record.Add("open", (long)load.OpenCalls);
        Add(record, "p99_seconds", load.CallTime, NoValue);
        return record;
    }

    private static JsonRecord Runs(ServerLoad load)
    {
        var record = new JsonRecord();
        foreach (var state in States)
        {
            record.Add(state, (long)load.RunsIn(state));
        }

        Add(record, "steps_per_second", load.Steps, NoInterval);
        Add(record, "cell_steps_per_second", load.CellSteps, NoInterval);
        return record;
    }

    private static JsonRecord Watchers(ServerLoad load)
    {
        var record = new JsonRecord().Add("count", (long)load.Watchers);
        Add(record, "frames_per_second", load.Frames, NoInterval);
        Add(record, "bytes_per_second", load.FrameBytes, NoInterval);
        Add(record, "dropped_per_second", load.DroppedFrames, NoInterval);
        Add(record, "delay_p99_seconds", load.FrameDelay, NoValue);
        return record.Add("replays", (long)load.Replays).Add("waiting_replays", (long)load.WaitingReplays).Add("replay_backlog_steps", (long)load.ReplayBacklog);
    }

    private static JsonRecord Compute(ServerLoad load)
    {
        var record = new JsonRecord().Add("threads", (long)load.Threads);
        Add(record, "busy_ratio", load.Busy, NoInterval);
        Add(record, "processors", load.Processors, NoInterval);
        return record.Add("waiting", (long)load.ComputeQueue).Add("active", (long)load.Computations).Add("places", (long)load.Places);
    }

    private static JsonRecord Memory(ServerLoad load)
    {
        var uses = new JsonRecord();
        foreach (var (use, bytes) in load.MemoryByUse.OrderBy(each => each.Use, StringComparer.Ordinal))
        {
            uses.Add(use, (long)bytes);
        }

        var record = new JsonRecord()
            .Add("limit_bytes", (long)load.MemoryLimit)
            .Add("held_bytes", (long)load.HeldMemory)
            .Add("held_bytes_by_use", uses)
            .Add("process_bytes", (long)load.ProcessMemory);
        Add(record, "pause_ratio", load.Pauses, NoInterval);
        return record;
    }

    private static JsonRecord Disk(ServerLoad load)
    {
        var record = new JsonRecord();
        Add(record, "free_bytes", load.FreeStorage, "the server has no data directory");
        Add(record, "flush_p99_seconds", load.FlushTime, NoValue);
        return record.Add("failed_writes", (long)load.FailedWrites);
    }

    private static JsonRecord Method(MethodLoad method)
    {
        var record = new JsonRecord().Add("service", method.Service).Add("method", method.Method);
        Add(record, "per_second", method.Calls, NoInterval);
        Add(record, "failed_per_second", method.Failed, NoInterval);
        record.Add("open", (long)method.Open);
        Add(record, "p99_seconds", method.Time, NoValue);
        return record;
    }

    private static JsonRecord Run(RunLoad run)
    {
        var record = new JsonRecord()
            .Add("run_id", run.Run.RunId)
            .Add("name", run.Run.Name.Length > 0 ? run.Run.Name : null)
            .Add("state", WireName.Of(run.Run.State).ToLowerInvariant())
            .Add("step", run.Run.Step);
        Add(record, "steps_per_second", run.StepsPerSecond, NoInterval);
        record.Add("watchers", (long)run.Run.WatcherCount);
        Add(record, "cells", TopTable.Cells(run), "the run is damaged");
        return record;
    }

    private static void Add(JsonRecord record, string name, double? value, string reason)
    {
        if (value is { } number)
        {
            record.Add(name, number);
        }
        else
        {
            record.AddUndefined(name, reason);
        }
    }
}
