using Mfn.Contracts.Storage.V1;
using Mfn.Core.Simulation;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Identity;
using Mfn.Server.Storage;
using Mfn.Server.Translation;

namespace Mfn.Server.Runs;

/// <summary>Reads from a run's files what it goes on from after a restart.</summary>
internal static class RunLoader
{
    /// <exception cref="RunDamagedException">The files are damaged, or contradict each other.</exception>
    /// <exception cref="InvalidDataException">They are of a server with other limits; the message says which.</exception>
    public static RunOrigin Load(StoredRun files, LimitsOptions limits)
    {
        var header = files.Header;
        var problems = new RequestProblems();
        var plan = new RunPlan(
            header.Name.ToName("name", problems, isSet: header.Name.Length > 0),
            header.StepsPerSecond > 0 ? header.StepsPerSecond : null,
            header.Stop.ToRule("stop", firstStep: 0, header.Stop.SteadyState is { HasTolerance: true }, problems) ?? new StopRule.Never(),
            header.HistorySteps,
            header.BeginsPaused);

        // The one that it started from stays, but if it cannot be read, a later one does.
        var oldest = files.ReadOldestCheckpoint();
        var initial = header.HasInitialStep ? new RunPosition((int)header.InitialStep, header.InitialRevision) : RunPosition.Of(oldest);
        var past = ReadPast(files, oldest.Spec, initial.Step, limits, problems);
        if (!problems.IsEmpty)
        {
            throw new InvalidDataException($"Its log cannot be followed: {problems.ToException().Message}");
        }

        RunTimeline.Require(files, initial, past);

        // What the run had surely reached. History must reach as far back from there as before.
        var reached = Math.Max(past.Commands.Count > 0 ? past.Commands[^1].Position.Step : 0, files.Checkpoints[0].Step);
        // One at the first step needed may already have commands in it that were applied there.
        var firstNeeded = reached - plan.HistorySteps;
        var checkpoint = firstNeeded > oldest.State.Step
            ? files.ReadLatestCheckpoint(new RunPosition((int)firstNeeded - 1, long.MaxValue))
            : oldest;
        return new RunOrigin(
            new RunId(new Guid(header.RunId.Span, bigEndian: true)),
            header.Epoch,
            header.TokenSecret.ToByteArray(),
            DateTimeOffset.FromUnixTimeSeconds(header.CreatedUnixSeconds),
            header.Tenant.Length > 0 ? header.Tenant : TenantName.Default,
            header.Owner.Length > 0 ? header.Owner : CallerIdentity.Anonymous.Name,
            plan,
            header.Origin?.ToForkPoint(),
            checkpoint,
            past);
    }

    private static RunPast ReadPast(StoredRun files, SimulationSpec spec, int initialStep, LimitsOptions limits, RequestProblems problems)
    {
        var commands = new List<(SteeringCommand, RunPosition)>();
        var horizon = initialStep;
        (RunEnd, int)? end = null;
        foreach (var record in files.Log.ReadRecords())
        {
            switch (record.RecordCase)
            {
                case RunLogRecord.RecordOneofCase.AppliedCommand:
                    // Ranges do not depend on what steering has changed.
                    var applied = record.AppliedCommand;
                    commands.Add((applied.Command.ToCommand(spec, limits, problems), new RunPosition((int)applied.Step, applied.Revision)));
                    break;
                case RunLogRecord.RecordOneofCase.Horizon:
                    horizon = (int)record.Horizon.Step;
                    break;
                case RunLogRecord.RecordOneofCase.End:
                    end = (new RunEnd(record.End.Reason.ToReason(), record.End.Detail), (int)record.End.Step);
                    break;
            }
        }

        return new RunPast(commands, horizon, end);
    }
}
