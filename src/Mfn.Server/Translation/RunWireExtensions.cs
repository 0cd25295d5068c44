using Google.Protobuf;
using Mfn.Contracts.Storage.V1;
using Mfn.Core.Simulation;
using Mfn.Core.Specs;
using Mfn.Core.Steering;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Identity;
using Mfn.Server.Runs;
using Mfn.Server.Storage;
using Mfn.Server.Texts;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>Where contract and live runs meet.</summary>
internal static class RunWireExtensions
{
    // The most characters of what a run's failure and end say.
    private const int LongestReason = 1024;

    private const double MillivoltsPerVolt = 1000.0;
    private const long DefaultHistorySteps = 1000;

    // Wider than what callers may send, since they may add to it; small enough for every statistic to stay finite.
    private static readonly ParameterRange ImportedPotentialRange = new(-1_000_000, 1_000_000);

    private static readonly ParameterRange StepRange = new(1, StopRule.LastStep);
    private static readonly ParameterRange PaceRange = new(0.001, 1_000_000);
    private static readonly ParameterRange HistoryRange = new(0, 1_000_000);

    /// <summary>A run as it is listed: without its mask, of which a page may have as many as runs.</summary>
    public static Wire.Run ToWire(this IListedRun listed)
    {
        var wire = listed is Run run ? run.ToWire(last: null) : ((DamagedRun)listed).ToWire();
        if (wire.Spec.Domain is { } domain)
        {
            domain.Mask = ByteString.Empty;
        }

        return wire;
    }

    /// <summary>What is known of a run that was left alone.</summary>
    public static Wire.Run ToWire(this DamagedRun run) => new()
    {
        RunId = run.Id.ToString(),
        Spec = new Wire.SimulationSpec(),
        State = Wire.RunState.Damaged,
        Failure = CallersText.Show(run.Reason, LongestReason),
        Durable = true,
        Name = run.Name?.Value ?? "",
        CreatedUnixSeconds = run.Created.ToUnixTimeSeconds(),
        Epoch = run.Header?.Epoch ?? 0,
        StepsPerSecond = run.Header?.StepsPerSecond ?? 0,
        Stop = run.Header?.Stop,
        HistorySteps = run.Header?.HistorySteps ?? 0,
        Origin = run.Header?.Origin,
    };

    public static Wire.Run ToWire(this Run run, RunStatus? last = null)
    {
        var status = last ?? run.Status;
        var spec = status.Spec.ToWire();
        spec.ClearSteps();
        if (run.Plan.Stop is StopRule.AfterStep { Step: var step })
        {
            spec.Steps = step;
        }

        return new Wire.Run
        {
            RunId = run.Id.ToString(),
            Spec = spec,
            State = status.State switch
            {
                RunState.Running => Wire.RunState.Running,
                RunState.Paused => Wire.RunState.Paused,
                RunState.Stopped => Wire.RunState.Stopped,
                _ => Wire.RunState.Failed,
            },
            Step = status.Position.Step,
            Revision = status.Position.Revision,
            StepsPerSecond = run.Plan.StepsPerSecond ?? 0,
            Stop = run.Plan.Stop.ToWire(),
            HistorySteps = run.Plan.HistorySteps,
            FirstAvailableStep = status.FirstAvailable.Step,
            WatcherCount = status.WatcherCount,
            CreatedUnixSeconds = run.Created.ToUnixTimeSeconds(),
            Epoch = run.Epoch,
            Identity = ByteString.CopyFrom(status.Identity.AsSpan()),
            Failure = CallersText.Show(status.Failure, LongestReason),
            Durable = run.IsDurable,
            Name = run.Plan.Name?.Value ?? "",
            Origin = run.ForkedFrom?.ToWire(),
            Time = status.Spec.TimeAt(status.Position.Step),
        };
    }

    /// <summary>The first record of a run's log.</summary>
    public static RunHeader ToHeader(this RunOrigin origin) => new()
    {
        RunId = ByteString.CopyFrom(origin.Id.Value.ToByteArray(bigEndian: true)),
        CreatedUnixSeconds = origin.Created.ToUnixTimeSeconds(),
        Epoch = origin.Epoch,
        TokenSecret = ByteString.CopyFrom(origin.TokenSecret.Span),
        StepsPerSecond = origin.Plan.StepsPerSecond ?? 0,
        Stop = origin.Plan.Stop.ToWire(),
        HistorySteps = origin.Plan.HistorySteps,
        BeginsPaused = origin.Plan.BeginsPaused,
        Name = origin.Plan.Name?.Value ?? "",
        Origin = origin.ForkedFrom?.ToWire(),
        InitialStep = origin.Checkpoint.State.Step,
        InitialRevision = origin.Checkpoint.Revision,
        Tenant = origin.Tenant == TenantName.Default ? "" : origin.Tenant,
        Owner = origin.Owner == CallerIdentity.Anonymous.Name ? "" : origin.Owner,
    };

    /// <summary>A fork point that was once written by the server.</summary>
    public static ForkPoint ToForkPoint(this Wire.ForkPoint wire) =>
        RunId.TryParse(wire.RunId, out var id)
            ? new ForkPoint(id, new RunPosition((int)wire.Step, wire.Revision))
            : throw new InvalidDataException($"The run's origin has the id '{wire.RunId}', which no run has.");

    /// <summary>The name of a run; null if it is not set, or not a name, which is then among the problems.</summary>
    public static RunName? ToName(this string wire, string path, RequestProblems problems, bool isSet)
    {
        if (!isSet)
        {
            return null;
        }

        if (RunName.TryParse(wire, out var name))
        {
            return name;
        }

        problems.Add(path, $"must have {RunName.Form}, but was {CallersText.Quote(wire)}");
        return null;
    }

    /// <summary>Notes what keeps an imported state from being one that a run of this server may have.</summary>
    public static void Check(this SimulationCheckpoint checkpoint, string path, LimitsOptions limits, RequestProblems problems)
    {
        var spec = checkpoint.Spec with { StepCount = 1 };
        if (spec.Variant == SimulationVariant.Numerics)
        {
            problems.Add(path, "must bring a state of the model or the engine variant");
            return;
        }

        if (spec.Pattern is { } pattern)
        {
            spec.CheckImportedPattern(pattern, path, checkpoint.State, limits, problems);
            return;
        }

        foreach (var problem in spec.FindProblems(SimulationWireExtensions.DoorRanges(spec.Variant, limits, allowUnstable: true)))
        {
            problems.Add(path, $"must bring a spec whose {SimulationWireExtensions.WireName(problem.Parameter)} {problem.Description}");
        }

        if (checkpoint.State.Potential.Any(cell => !ImportedPotentialRange.Contains(cell)))
        {
            problems.Add(path, $"must bring a potential whose cells are {ImportedPotentialRange} V");
        }
    }

    /// <summary>The state of a filter; null for any.</summary>
    public static RunState? ToFilter(this Wire.RunState wire, RequestProblems problems)
    {
        switch (wire)
        {
            case Wire.RunState.Unspecified:
                return null;
            case Wire.RunState.Running:
                return RunState.Running;
            case Wire.RunState.Paused:
                return RunState.Paused;
            case Wire.RunState.Stopped:
                return RunState.Stopped;
            case Wire.RunState.Failed:
                return RunState.Failed;
            case Wire.RunState.Damaged:
                return RunState.Damaged;
            default:
                problems.Add("state", $"must be a known state or unset, but was {(int)wire}");
                return null;
        }
    }

    /// <summary>How a created run goes.</summary>
    public static RunPlan ToPlan(this Wire.CreateRunRequest request, SimulationSpec spec, RequestProblems problems)
    {
        if (request.Stop is not null && request.Spec is { HasSteps: true })
        {
            problems.Add("spec.steps", "must not be set beside stop");
        }

        return new RunPlan(
            request.Name.ToName("name", problems, request.HasName),
            ToPace(request.HasStepsPerSecond, request.StepsPerSecond, "steps_per_second", problems),
            request.Stop?.ToRule("stop", firstStep: 0, spec.Pattern is not null, problems) ?? new StopRule.AfterStep(spec.StepCount),
            ToHistory(request.HasHistorySteps, request.HistorySteps, DefaultHistorySteps, "history_steps", problems),
            request.Paused);
    }

    /// <summary>How a forked run goes.</summary>
    public static RunPlan ToPlan(this Wire.ForkRunRequest request, RunPlan parent, int firstStep, bool isOfSpecies, RequestProblems problems) => new(
        request.Name.ToName("name", problems, request.HasName),
        request.HasStepsPerSecond ? ToPace(true, request.StepsPerSecond, "steps_per_second", problems) : parent.StepsPerSecond,
        request.Stop?.ToRule("stop", firstStep, isOfSpecies, problems) ?? parent.Stop.RequireAhead("stop", firstStep, problems),
        ToHistory(request.HasHistorySteps, request.HistorySteps, parent.HistorySteps, "history_steps", problems),
        request.Paused);

    /// <summary>How an imported run goes.</summary>
    public static RunPlan ToPlan(this Wire.ImportRunStart start, int firstStep, bool isOfSpecies, RequestProblems problems) => new(
        start.Name.ToName("start.name", problems, start.HasName),
        ToPace(start.HasStepsPerSecond, start.StepsPerSecond, "start.steps_per_second", problems),
        start.Stop?.ToRule("start.stop", firstStep, isOfSpecies, problems) ?? new StopRule.Never(),
        ToHistory(start.HasHistorySteps, start.HistorySteps, DefaultHistorySteps, "start.history_steps", problems),
        start.Paused);

    public static Wire.StopCondition ToWire(this StopRule rule) => rule switch
    {
        StopRule.AfterStep { Step: var step } => new Wire.StopCondition { AfterStep = step },
        StopRule.SteadyState steady => new Wire.StopCondition
        {
            SteadyState = steady.IsOfSpecies
                ? new Wire.SteadyState { Tolerance = steady.Tolerance, EveryNSteps = steady.EveryNSteps }
                : new Wire.SteadyState { ToleranceMillivolts = steady.Tolerance * MillivoltsPerVolt, EveryNSteps = steady.EveryNSteps },
        },
        _ => new Wire.StopCondition { Never = true },
    };

    /// <summary>When a run stops; null if there is something wrong with it, which is then among the problems.</summary>
    public static StopRule? ToRule(this Wire.StopCondition wire, string path, int firstStep, bool isOfSpecies, RequestProblems problems)
    {
        switch (wire.ConditionCase)
        {
            case Wire.StopCondition.ConditionOneofCase.AfterStep:
                return problems.Check($"{path}.after_step", wire.AfterStep, StepRange)
                    ? new StopRule.AfterStep((int)wire.AfterStep).RequireAhead($"{path}.after_step", firstStep, problems)
                    : null;
            case Wire.StopCondition.ConditionOneofCase.SteadyState:
                var everyNSteps = wire.SteadyState.HasEveryNSteps ? wire.SteadyState.EveryNSteps : 10;
                var tolerance = wire.SteadyState.ToTolerance($"{path}.steady_state", isOfSpecies, problems);
                return problems.Check($"{path}.steady_state.every_n_steps", everyNSteps, new(1, 10_000)) && tolerance is { } largest
                    ? new StopRule.SteadyState(largest, everyNSteps, isOfSpecies)
                    : null;
            case Wire.StopCondition.ConditionOneofCase.Never when wire.Never:
                return new StopRule.Never();
            default:
                problems.Add(path, "must have after_step, steady_state, or never set to true");
                return null;
        }
    }

    public static Wire.End ToWire(this Runs.RunEnd end, IReadOnlyCollection<byte> identity) => new()
    {
        Reason = end.Reason.ToWire(),
        Detail = CallersText.Show(end.Detail, LongestReason),
        Identity = ByteString.CopyFrom([.. identity]),
    };

    public static Wire.EndReason ToWire(this RunEndReason reason) => reason switch
    {
        RunEndReason.Stopped => Wire.EndReason.Stopped,
        RunEndReason.Deleted => Wire.EndReason.Deleted,
        RunEndReason.Failed => Wire.EndReason.Failed,
        _ => Wire.EndReason.Idle,
    };

    /// <summary>A reason that was once written by <see cref="ToWire(RunEndReason)"/>.</summary>
    public static RunEndReason ToReason(this Wire.EndReason wire) => wire switch
    {
        Wire.EndReason.Stopped => RunEndReason.Stopped,
        Wire.EndReason.Deleted => RunEndReason.Deleted,
        Wire.EndReason.Idle => RunEndReason.Idle,
        _ => RunEndReason.Failed,
    };

    private static Wire.ForkPoint ToWire(this ForkPoint point) =>
        new() { RunId = point.RunId.ToString(), Step = point.Position.Step, Revision = point.Position.Revision };

    /// <summary>The steps a second at most; null for as fast as possible.</summary>
    public static double? ToPace(bool isSet, double stepsPerSecond, string path, RequestProblems problems)
    {
        if (!isSet)
        {
            return null;
        }

        problems.Check(path, stepsPerSecond, PaceRange);
        return stepsPerSecond;
    }

    private static long ToHistory(bool isSet, long steps, long otherwise, string path, RequestProblems problems)
    {
        if (!isSet)
        {
            return otherwise;
        }

        problems.Check(path, steps, HistoryRange);
        return steps;
    }

    /// <summary>The largest change of a steady state, in volts or in the model's unit; null if there is something wrong with it.</summary>
    private static double? ToTolerance(this Wire.SteadyState wire, string path, bool isOfSpecies, RequestProblems problems)
    {
        if (isOfSpecies ? wire.HasToleranceMillivolts : wire.HasTolerance)
        {
            problems.Add(
                $"{path}.{(isOfSpecies ? "tolerance_millivolts" : "tolerance")}",
                isOfSpecies ? "must not be set with kinetics; use tolerance" : "must not be set without kinetics; use tolerance_millivolts");
            return null;
        }

        if (isOfSpecies)
        {
            var tolerance = wire.HasTolerance ? wire.Tolerance : 1e-9;
            return problems.Check($"{path}.tolerance", tolerance, new(0, 1e9)) ? tolerance : null;
        }

        var millivolts = wire.HasToleranceMillivolts ? wire.ToleranceMillivolts : 0.001;
        return problems.Check($"{path}.tolerance_millivolts", millivolts, new(0, 1000)) ? millivolts / MillivoltsPerVolt : null;
    }

    private static StopRule RequireAhead(this StopRule rule, string path, int firstStep, RequestProblems problems)
    {
        if (rule is StopRule.AfterStep { Step: var step } && step <= firstStep)
        {
            problems.Add(path, $"must be above {firstStep}, the step that the run starts from, but was {step}");
        }

        return rule;
    }
}
