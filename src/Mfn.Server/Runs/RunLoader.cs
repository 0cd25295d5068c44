using Mfn.Contracts.Storage.V1;
using Mfn.Core.Steering;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Storage;
using Mfn.Server.Translation;

namespace Mfn.Server.Runs;

/// <summary>Reads from a run's files what it goes on from after a restart.</summary>
internal static class RunLoader
{
    /// <exception cref="InvalidDataException">The files are damaged, or of a server with other limits; the message says how.</exception>
    public static RunOrigin Load(StoredRun files, LimitsOptions limits)
    {
        var header = files.Header;
        var problems = new RequestProblems();
        var plan = new RunPlan(
            header.Name.ToName("name", problems, isSet: header.Name.Length > 0),
            header.StepsPerSecond > 0 ? header.StepsPerSecond : null,
            header.Stop.ToRule("stop", firstStep: 0, problems) ?? new StopRule.Never(),
            header.HistorySteps,
            header.BeginsPaused);
        var initial = files.ReadLatestCheckpoint(files.Checkpoints is [.., var first] ? first : null);
        var past = ReadPast(files, initial, limits, problems);
        if (!problems.IsEmpty)
        {
            throw new InvalidDataException($"Its log cannot be followed: {problems.ToException().Message}");
        }

        // What the run had surely reached. History must reach as far back from there as before.
        var reached = Math.Max(past.Commands.Count > 0 ? past.Commands[^1].Position.Step : 0, files.Checkpoints[0].Step);
        // One at the first step needed may already have commands in it that were applied there.
        var firstNeeded = reached - plan.HistorySteps;
        var checkpoint = firstNeeded > initial.State.Step
            ? files.ReadLatestCheckpoint(new RunPosition((int)firstNeeded - 1, long.MaxValue))
            : initial;
        return new RunOrigin(
            new RunId(new Guid(header.RunId.Span, bigEndian: true)),
            header.Epoch,
            header.TokenSecret.ToByteArray(),
            DateTimeOffset.FromUnixTimeSeconds(header.CreatedUnixSeconds),
            plan,
            header.Origin?.ToForkPoint(),
            checkpoint,
            past);
    }

    private static RunPast ReadPast(StoredRun files, SimulationCheckpoint initial, LimitsOptions limits, RequestProblems problems)
    {
        var commands = new List<(SteeringCommand, RunPosition)>();
        var horizon = initial.State.Step;
        (RunEnd, int)? end = null;
        foreach (var record in files.Log.ReadRecords())
        {
            switch (record.RecordCase)
            {
                case RunLogRecord.RecordOneofCase.AppliedCommand:
                    // Ranges do not depend on what steering has changed.
                    var applied = record.AppliedCommand;
                    commands.Add((applied.Command.ToCommand(initial.Spec, limits, problems), new RunPosition((int)applied.Step, applied.Revision)));
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
